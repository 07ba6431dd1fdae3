/**
 * A host's bookings while a batch of commands is being decided: what storage loaded, and on top of it what the commands
 * before have changed. It exists for the length of one `decide`, and there is one for nearly every booking: so no maps are made
 * for what most hosts have none of.
 */

import { type Instant, type Interval, overlaps } from "../../../shared/interval.ts";
import type { RequestKey } from "../../../shared/request-key.ts";
import { type Booking, type BookingEvent, type BookingEventKind, expired, isActive, SYSTEM_ACTOR } from "./booking.ts";
import type {
  BookingChange,
  ConfirmedInRanges,
  FenceCommand,
  HoldCount,
  HostDecision,
  HostState,
  NewRequest,
  RememberedRequest,
} from "./command.ts";
import type { UserState } from "./user.ts";

const NO_HOLDS: HoldCount = { withHost: 0, inAll: 0 };
const NO_BOOKINGS: ReadonlyMap<string, Booking> = new Map();

export class Ledger {
  readonly now: Instant;
  readonly #host: HostState;
  /** By id, because storage may have found one booking more than once. */
  readonly #loaded: ReadonlyMap<string, Booking>;
  /** What the commands before have made of bookings, by id. It stands before what was loaded. */
  readonly #written = new Map<string, Booking>();
  readonly #events: BookingEvent[] = [];
  readonly #requests: NewRequest[] = [];
  #generation: number;
  #sequence: number;

  constructor(host: HostState, now: Instant) {
    const { bookings } = host;
    this.now = now;
    this.#host = host;
    this.#loaded = bookings.length === 0 ? NO_BOOKINGS : new Map(bookings.map((booking) => [booking.id, booking]));
    this.#generation = host.generation;
    this.#sequence = host.sequence;
  }

  get generation(): number {
    return this.#generation;
  }

  stateOf(userId: string): UserState {
    return this.#host.inactive.get(userId) ?? "ACTIVE";
  }

  find(bookingId: string): Booking | undefined {
    return this.#written.get(bookingId) ?? this.#loaded.get(bookingId);
  }

  /** Standing bookings whose time, or occupied time, overlaps. */
  overlapping(range: Interval, time: "during" | "occupied"): Booking[] {
    return this.#standing((booking) => overlaps(booking[time], range));
  }

  /** The standing booking that another system calls so, if there is one. */
  called(externalId: string): Booking | undefined {
    return this.#standing((booking) => booking.details.externalId === externalId)[0];
  }

  /** Bookings in a state that the constraints count: CONFIRMED, or HELD even if overdue. */
  #standing(meant: (booking: Booking) => boolean): Booking[] {
    const found: Booking[] = [];
    for (const booking of this.#loaded.values()) {
      if (!this.#written.has(booking.id) && stands(booking) && meant(booking)) found.push(booking);
    }
    for (const booking of this.#written.values()) if (stands(booking) && meant(booking)) found.push(booking);
    return found;
  }

  /**
   * How many active holds a guest has by now: what storage counted, and what the commands before have made of it. Each booking
   * that they have changed was loaded, so its part in the count is known.
   */
  holdsOf(guestId: string): HoldCount {
    const { withHost, inAll } = this.#host.holds.get(guestId) ?? NO_HOLDS;
    let more = 0;
    for (const after of this.#written.values()) {
      if (after.guestId !== guestId) continue;
      const before = this.#loaded.get(after.id);
      more += Number(this.#isActiveHold(after)) - Number(before !== undefined && this.#isActiveHold(before));
    }
    return { withHost: withHost + more, inAll: inAll + more };
  }

  #isActiveHold(booking: Booking): boolean {
    return booking.state === "HELD" && isActive(booking, this.now);
  }

  confirmedInRanges(fence: FenceCommand): ConfirmedInRanges {
    return this.#host.confirmedInRanges.get(fence) ?? { first: [], count: 0 };
  }

  get lastConfirmedEnd(): Instant | undefined {
    return this.#host.lastConfirmedEnd;
  }

  /** Records a booking and the event for it. Returns the booking, which has the event's sequence. */
  write(change: Omit<Booking, "sequence">, kind: BookingEventKind, actor: string): Booking {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const booking = { ...change, sequence };
    this.#written.set(booking.id, booking);
    this.#events.push({ hostId: this.#host.hostId, sequence, kind, actor, time: this.now, booking });
    return booking;
  }

  /** Records that an overdue hold is over. Returns the booking as it is then. */
  expire(hold: Booking): Booking {
    return this.write(expired(hold), "EXPIRED", SYSTEM_ACTOR);
  }

  raiseGeneration(): number {
    this.#generation += 1;
    return this.#generation;
  }

  remembered(requestId: string): RememberedRequest | undefined {
    return this.#requests.find(({ key }) => key.id === requestId) ?? this.#host.requests.get(requestId);
  }

  /** A request that has changed nothing, about a booking whose event was deleted, has no answer to be kept, and no effect. */
  remember(key: RequestKey, answer: Booking, isSaying: boolean): void {
    if (answer.sequence > this.#host.forgottenTo) this.#requests.push({ key, answer, isSaying });
  }

  /** What is to be written. */
  close(): Omit<HostDecision, "outcomes"> {
    const changes = Array.from(this.#written.values(), (after): BookingChange => ({
      before: this.#loaded.get(after.id),
      after,
    }));
    return {
      generation: this.#generation,
      sequence: this.#sequence,
      changes,
      events: this.#events,
      requests: this.#requests,
    };
  }
}

function stands({ state }: Booking): boolean {
  return state === "CONFIRMED" || state === "HELD";
}
