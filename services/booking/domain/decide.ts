/**
 * What becomes of a host's commands: pure code, no clock, no I/O. It runs under the host's lock on what storage loaded
 * after the lock, and its result is written in the same transaction.
 *
 * Held here: no two active bookings of a host overlap; a booking is accepted only on a validation whose generation is the
 * host's current one; every change has exactly one event; one `request_id` has one effect; no guest has more active holds
 * with the host than one may have. The database holds the first
 * once more, should this code be wrong, by the constraint `bookings_no_overlap`.
 */

import { Refusal } from "../../../shared/errors.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { type Booking, etagOf, isActive, isOverdueHold } from "./booking.ts";
import type {
  CancelCommand,
  Command,
  ConfirmCommand,
  CreateCommand,
  ExpireCommand,
  FenceCommand,
  HoldLimits,
  HostDecision,
  HostState,
  Outcome,
  RescheduleCommand,
  Validation,
} from "./command.ts";
import { conflictsOf } from "./conflicts.ts";
import { Ledger } from "./ledger.ts";
import { replayed } from "./requests.ts";
import { isOpen, startsInTime } from "./slots.ts";

/** Decides the commands of one host one after another, each on the state that the one before it left. */
export function decide(host: HostState, commands: readonly Command[], now: Instant, limits: HoldLimits): HostDecision {
  const ledger = new Ledger(host, now);
  const outcomes = commands.map((command) => decideOne(ledger, command, limits));
  return { outcomes, ...ledger.close() };
}

function decideOne(ledger: Ledger, command: Command, limits: HoldLimits): Outcome {
  const again = replay(ledger, command);
  if (again !== undefined) return again;
  const outcome = decideNew(ledger, command, limits);
  if (command.request !== undefined && outcome.kind === "booked") {
    ledger.remember(command.request, outcome.booking);
  }
  return outcome;
}

function decideNew(ledger: Ledger, command: Command, limits: HoldLimits): Outcome {
  switch (command.kind) {
    case "create":
      return create(ledger, command, limits);
    case "confirm":
      return confirm(ledger, command);
    case "cancel":
      return cancel(ledger, command);
    case "reschedule":
      return reschedule(ledger, command);
    case "expire":
      return expire(ledger, command);
    case "fence":
      return fence(ledger, command);
  }
}

/** What a request that was carried out before is answered with: its first answer, whatever has happened since. */
function replay(ledger: Ledger, command: Command): Outcome | undefined {
  if (command.request === undefined) return undefined;
  const remembered = ledger.remembered(command.request.id);
  return remembered === undefined ? undefined : replayed(remembered, command.request);
}

function create(ledger: Ledger, command: CreateCommand, limits: HoldLimits): Outcome {
  const { hostId, guestId, during, holdMs } = command;
  const impossible =
    unavailable(ledger, command.validation, during) ??
    (holdMs === undefined ? undefined : heldEnough(ledger, guestId, limits)) ??
    taken(ledger, during, undefined);
  if (impossible !== undefined) return impossible;
  const { now } = ledger;
  const hold = holdMs === undefined ? undefined : Math.min(now + holdMs, during.start);
  // A hold ends at the start at the latest, so one that starts this very millisecond would be over before it began.
  if (hold !== undefined && hold <= now) return refused(startInPast());
  const booking = {
    id: command.bookingId,
    hostId,
    guestId,
    during,
    state: hold === undefined ? ("CONFIRMED" as const) : ("HELD" as const),
    version: 1,
    ...(hold === undefined ? {} : { expireTime: hold }),
    createTime: now,
    updateTime: now,
  };
  return booked(ledger.write(booking, hold === undefined ? "CONFIRMED" : "HELD", command.actor));
}

function confirm(ledger: Ledger, command: ConfirmCommand): Outcome {
  const booking = current(ledger, command.bookingId);
  if (booking === undefined) return refused(bookingNotFound(command.bookingId));
  if (booking.state === "EXPIRED") return refused(holdExpired());
  if (booking.state === "CANCELLED") return refused(notActive("is cancelled"));
  if (differs(booking, command.etag)) return refused(etagMismatch());
  if (booking.state === "CONFIRMED") return booked(booking);
  const { expireTime: _, ...rest } = booking;
  return booked(ledger.write(changed(rest, { state: "CONFIRMED" }, ledger.now), "CONFIRMED", command.actor));
}

function cancel(ledger: Ledger, command: CancelCommand): Outcome {
  const booking = current(ledger, command.bookingId);
  if (booking === undefined) return refused(bookingNotFound(command.bookingId));
  if (booking.state === "EXPIRED") return refused(notActive("is a hold that has expired"));
  if (booking.state !== "CANCELLED" && booking.during.end <= ledger.now) return refused(notActive("has ended"));
  if (differs(booking, command.etag)) return refused(etagMismatch());
  if (booking.state === "CANCELLED") return booked(booking);
  const { expireTime: _, ...rest } = booking;
  return booked(ledger.write(changed(rest, { state: "CANCELLED" }, ledger.now), "CANCELLED", command.actor));
}

function reschedule(ledger: Ledger, command: RescheduleCommand): Outcome {
  const { now } = ledger;
  const booking = current(ledger, command.bookingId);
  if (booking === undefined) return refused(bookingNotFound(command.bookingId));
  if (booking.state === "EXPIRED") return refused(notActive("is a hold that has expired"));
  if (booking.state === "CANCELLED") return refused(notActive("is cancelled"));
  if (booking.during.start <= now) return refused(notActive("has started"));
  if (differs(booking, command.etag)) return refused(etagMismatch());
  const { during } = command;
  const impossible = unavailable(ledger, command.validation, during) ?? taken(ledger, during, booking.id);
  if (impossible !== undefined) return impossible;
  const expireTime = booking.expireTime === undefined ? undefined : Math.min(booking.expireTime, during.start);
  if (expireTime !== undefined && expireTime <= now) return refused(startInPast());
  const moved = { during, ...(expireTime === undefined ? {} : { expireTime }) };
  return booked(ledger.write(changed(booking, moved, now), "RESCHEDULED", command.actor));
}

function expire(ledger: Ledger, command: ExpireCommand): Outcome {
  current(ledger, command.bookingId);
  return { kind: "idle" };
}

/**
 * Ends every validation of the host, and finds what stands in the way of removing the ranges: active bookings that have
 * not ended and *overlap* them. One that merely sticks out of a range would be outside availability just the same.
 */
function fence(ledger: Ledger, command: FenceCommand): Outcome {
  const generation = ledger.raiseGeneration();
  for (const hold of command.ranges.flatMap((range) => ledger.overlapping(range))) current(ledger, hold.id);
  return { kind: "fenced", fenced: { generation, ...conflictsOf(ledger, command) } };
}

/** The booking as it is now: a hold that is found overdue is recorded as expired before anything else is decided. */
function current(ledger: Ledger, bookingId: string): Booking | undefined {
  const booking = ledger.find(bookingId);
  return booking !== undefined && isOverdueHold(booking, ledger.now) ? ledger.expire(booking) : booking;
}

/** Whether availability and the clock rule the candidate out, or whether what is known of availability is out of date. */
function unavailable(ledger: Ledger, validation: Validation, candidate: Interval): Outcome | undefined {
  // Equality, not order: a generation that differs in any way means that a fence came between the note and now.
  if (validation.generation !== ledger.generation) return { kind: "stale" };
  if (validation.misfit === "OUTSIDE_AVAILABILITY") return refused(outsideAvailability());
  if (validation.misfit === "OFF_GRID") return refused(offGrid());
  return startsInTime(candidate, ledger.now) ? undefined : refused(startInPast());
}

/**
 * Whether an active booking other than `moving` is in the way. Overdue holds are not, but they are recorded as expired
 * before their time is given away: the constraint still counts them, and a clock that steps back must revive nothing.
 */
function taken(ledger: Ledger, candidate: Interval, moving: string | undefined): Outcome | undefined {
  const { now } = ledger;
  const others = ledger.overlapping(candidate).filter((booking) => booking.id !== moving);
  const active = others.filter((booking) => isActive(booking, now)).map((booking) => booking.during);
  if (!isOpen(candidate, active, now)) return refused(slotTaken());
  for (const hold of others) ledger.expire(hold);
  return undefined;
}

/** Whether the guest has as many active holds as one may have: with this host, or with all. */
function heldEnough(ledger: Ledger, guestId: string, limits: HoldLimits): Outcome | undefined {
  const { withHost, inAll } = ledger.holdsOf(guestId);
  if (withHost >= limits.perGuestAndHost) return refused(tooManyHolds("with this host", limits.perGuestAndHost));
  if (inAll >= limits.perGuest) return refused(tooManyHolds("with all hosts together", limits.perGuest));
  return undefined;
}

function changed(booking: Booking, change: Partial<Booking>, now: Instant): Booking {
  return { ...booking, ...change, version: booking.version + 1, updateTime: now };
}

function differs(booking: Booking, etag: string | undefined): boolean {
  return etag !== undefined && etag !== etagOf(booking);
}

function booked(booking: Booking): Outcome {
  return { kind: "booked", booking };
}

function refused(refusal: Refusal): Outcome {
  return { kind: "refused", refusal };
}

/** Names nobody: who has booked is none of the caller's business. */
export function slotTaken(): Refusal {
  return new Refusal("SLOT_TAKEN", "the time is booked; list the open slots again and choose another");
}

export function bookingNotFound(bookingId: string): Refusal {
  return new Refusal("BOOKING_NOT_FOUND", "there is no such booking", {
    resource: { type: "Booking", name: bookingId },
  });
}

function outsideAvailability(): Refusal {
  return new Refusal("OUTSIDE_AVAILABILITY", "the host is not available for the whole of this time");
}

function offGrid(): Refusal {
  return new Refusal("OFF_GRID", "the time is not made of whole slots; list the open slots to see the grid");
}

function tooManyHolds(where: string, limit: number): Refusal {
  const description = `has ${limit} active holds ${where}, as many as a guest may have`;
  return new Refusal("TOO_MANY_HOLDS", `the guest ${description}; confirm or cancel one, or let one end`, {
    preconditions: [{ type: "ACTIVE_HOLDS", subject: "guest_id", description }],
    metadata: { holds_max: String(limit) },
  });
}

function startInPast(): Refusal {
  return new Refusal("START_IN_PAST", "the time has begun already");
}

function holdExpired(): Refusal {
  return new Refusal("HOLD_EXPIRED", "the hold ended before it was confirmed; book again");
}

function notActive(because: string): Refusal {
  return new Refusal("BOOKING_NOT_ACTIVE", `the booking ${because}`);
}

function etagMismatch(): Refusal {
  return new Refusal("ETAG_MISMATCH", "the booking has changed since it was read; read it again");
}
