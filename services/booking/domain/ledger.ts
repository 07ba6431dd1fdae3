/**
 * A host's bookings while a batch of commands is being decided: what storage loaded, and on top of it what the commands
 * before have changed. It exists for the length of one `decide`.
 */

import { type Instant, type Interval, overlaps } from "../../../shared/interval.ts";
import { type Booking, type BookingEvent, type BookingEventKind, expired, SYSTEM_ACTOR } from "./booking.ts";
import type {
  BookingChange,
  ConfirmedInRanges,
  FenceCommand,
  HostDecision,
  HostState,
  RememberedRequest,
  RequestKey,
} from "./command.ts";

export interface Ledger {
  readonly now: Instant;
  readonly generation: number;
  find(bookingId: string): Booking | undefined;
  /** Bookings whose time overlaps, in a state that the constraint counts: CONFIRMED, or HELD even if overdue. */
  overlapping(candidate: Interval): Booking[];
  confirmedInRanges(fence: FenceCommand): ConfirmedInRanges;
  /** Records a booking and the event for it. Returns the booking. */
  write(booking: Booking, kind: BookingEventKind, actor: string): Booking;
  /** Records that an overdue hold is over. Returns the booking as it is then. */
  expire(hold: Booking): Booking;
  raiseGeneration(): number;
  remembered(requestId: string): RememberedRequest | undefined;
  remember(key: RequestKey, answer: Booking): void;
  /** What is to be written. */
  close(): Omit<HostDecision, "outcomes">;
}

export function openLedger(host: HostState, now: Instant): Ledger {
  const loaded = new Map(host.bookings.map((booking) => [booking.id, booking]));
  const bookings = new Map(loaded);
  const written = new Set<string>();
  const events: BookingEvent[] = [];
  const remembered = new Map(host.requests);
  const requests: { key: RequestKey; answer: Booking }[] = [];
  let generation = host.generation;
  let sequence = host.sequence;

  function write(booking: Booking, kind: BookingEventKind, actor: string): Booking {
    sequence += 1;
    bookings.set(booking.id, booking);
    written.add(booking.id);
    events.push({ hostId: host.hostId, sequence, kind, actor, time: now, booking });
    return booking;
  }

  function overlapping(candidate: Interval): Booking[] {
    const found: Booking[] = [];
    for (const booking of bookings.values()) {
      const counted = booking.state === "CONFIRMED" || booking.state === "HELD";
      if (counted && overlaps(booking.during, candidate)) found.push(booking);
    }
    return found;
  }

  function expire(hold: Booking): Booking {
    return write(expired(hold), "EXPIRED", SYSTEM_ACTOR);
  }

  return {
    now,
    get generation() {
      return generation;
    },
    find: (bookingId) => bookings.get(bookingId),
    overlapping,
    confirmedInRanges: (fence) => host.confirmedInRanges.get(fence) ?? { first: [], count: 0 },
    write,
    expire,
    raiseGeneration: () => (generation += 1),
    remembered: (requestId) => remembered.get(requestId),
    remember(key, answer) {
      remembered.set(key.id, { method: key.method, contentHash: key.contentHash, answer });
      requests.push({ key, answer });
    },
    close() {
      const changes: BookingChange[] = [];
      for (const id of written) {
        const after = bookings.get(id);
        if (after !== undefined) changes.push({ before: loaded.get(id), after });
      }
      return { generation, sequence, changes, events, requests };
    },
  };
}
