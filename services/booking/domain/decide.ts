/**
 * What becomes of a host's commands: pure code, no clock, no I/O. It runs under the host's lock on what storage loaded
 * after the lock, and its result is written in the same transaction.
 *
 * Held here: no two active bookings of a host are in one seat at a time, buffers included, and none is accepted while there are
 * as many as seats; a booking is accepted only by a calendar whose generation is the host's current one; every change has exactly one
 * event; one `request_id` has one effect; one `external_id` has one standing booking; no guest has more active holds with the
 * host than one may have. The database holds the first once more, should this code be wrong, by the constraint
 * `bookings_no_overlap`, and the external id by `bookings_external_id_key`.
 */

import type { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import { type Booking, etagOf, isActive, isOverdueHold } from "./booking.ts";
import { refusal } from "./calendar.ts";
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
} from "./command.ts";
import { conflictsOf, lastBookingEndOf } from "./conflicts.ts";
import { behind, notGrown } from "./kept-start.ts";
import { Ledger } from "./ledger.ts";
import { replayed } from "./requests.ts";
import {
  bookingNotFound,
  etagMismatch,
  externalIdTaken,
  holdExpired,
  notActive,
  startInPast,
  tooManyHolds,
} from "./refusals.ts";
import { occupied } from "./rules.ts";
import { freeSeat, type Taken } from "./seats.ts";

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

/** The answer to a request that was carried out before: its first answer, also if the booking has changed since. */
function replay(ledger: Ledger, command: Command): Outcome | undefined {
  if (command.request === undefined) return undefined;
  const remembered = ledger.remembered(command.request.id);
  return remembered === undefined ? undefined : replayed(remembered, command.request);
}

function create(ledger: Ledger, command: CreateCommand, limits: HoldLimits): Outcome {
  const { hostId, guestId, during, holdMs, details, calendar } = command;
  const { now } = ledger;
  if (isStale(ledger, command)) return { kind: "stale" };
  const time = occupied(calendar.rules, during);
  const around = ledger.overlapping(time, "occupied");
  const taken = takenBy(around, now);
  const unbookable = refusal(calendar, during, { now, ignoresNotice: command.ignoresNotice }, taken);
  const heldEnough = holdMs === undefined ? undefined : whyNotHold(ledger, guestId, limits);
  // A guest that holds enough is told so, and not sent to look for another slot.
  const why = unbookable?.reason === "SLOT_TAKEN" ? (heldEnough ?? unbookable) : (unbookable ?? heldEnough);
  if (why !== undefined) return refused(why);
  const hold = holdMs === undefined ? undefined : Math.min(now + holdMs, during.start);
  // A hold ends at the start at the latest, so one that starts this very millisecond would be over before it began.
  if (hold !== undefined && hold <= now) return refused(startInPast());
  if (details.externalId !== undefined && isCalled(ledger, details.externalId)) return refused(externalIdTaken());
  expireOverdue(ledger, around);
  const booking = {
    id: command.bookingId,
    hostId,
    guestId,
    during,
    occupied: time,
    seat: freeSeat(calendar.rules.seats, taken),
    state: hold === undefined ? ("CONFIRMED" as const) : ("HELD" as const),
    version: 1,
    ...(hold === undefined ? {} : { expireTime: hold }),
    createTime: now,
    updateTime: now,
    details,
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
  const cancelled = { state: "CANCELLED", cancelReason: command.reason } as const;
  return booked(ledger.write(changed(rest, cancelled, ledger.now), "CANCELLED", command.actor));
}

function reschedule(ledger: Ledger, command: RescheduleCommand): Outcome {
  const { now } = ledger;
  const booking = current(ledger, command.bookingId);
  if (booking === undefined) return refused(bookingNotFound(command.bookingId));
  if (booking.state === "EXPIRED") return refused(notActive("is a hold that has expired"));
  if (booking.state === "CANCELLED") return refused(notActive("is cancelled"));
  const { during, calendar } = command;
  const keepsStart = during.start === booking.during.start;
  if (booking.during.end <= now) return refused(notActive("has ended"));
  if (booking.during.start <= now && !keepsStart) return refused(notActive("has started"));
  if (differs(booking, command.etag)) return refused(etagMismatch());
  if (isStale(ledger, command)) return { kind: "stale" };
  const wanted = occupied(calendar.rules, during);
  const time = keepsStart ? notGrown(wanted, during, booking) : wanted;
  const around = ledger.overlapping(time, "occupied").filter(({ id }) => id !== booking.id);
  const newly = takenBy(keepsStart ? behind(around, time, booking) : around, now);
  const keepsSeat = keepsStart && newly.every(({ seat }) => seat !== booking.seat);
  const taken = keepsSeat ? newly : takenBy(around, now);
  const unbookable = refusal(calendar, during, { now, ignoresNotice: command.ignoresNotice, keepsStart }, taken);
  if (unbookable !== undefined) return refused(unbookable);
  const expireTime = booking.expireTime === undefined ? undefined : Math.min(booking.expireTime, during.start);
  if (expireTime !== undefined && expireTime <= now) return refused(startInPast());
  expireOverdue(ledger, around);
  const seat = keepsSeat ? booking.seat : freeSeat(calendar.rules.seats, taken, booking.seat);
  const moved = { during, occupied: time, seat, ...(expireTime === undefined ? {} : { expireTime }) };
  return booked(ledger.write(changed(booking, moved, now), "RESCHEDULED", command.actor));
}

function expire(ledger: Ledger, command: ExpireCommand): Outcome {
  current(ledger, command.bookingId);
  return { kind: "idle" };
}

/**
 * Ends every calendar of the host, and finds what stands in the way of removing the ranges: active bookings that have
 * not ended and *overlap* them. One that merely sticks out of a range would be outside availability just the same.
 *
 * Availability removes all that lies behind the end of the last booking without another question. So a hold that is overdue
 * and lies there is recorded as expired too: a clock that steps back would make it active where nothing is open.
 */
function fence(ledger: Ledger, command: FenceCommand): Outcome {
  const generation = ledger.raiseGeneration();
  for (const range of command.ranges) expireOverdue(ledger, ledger.overlapping(range, "during"));
  if (command.findLastBooking) {
    expireOverdue(ledger, ledger.overlapping({ start: ledger.now, end: Infinity }, "during"));
  }
  const lastBookingEnd = command.findLastBooking ? lastBookingEndOf(ledger) : undefined;
  return { kind: "fenced", fenced: { generation, ...conflictsOf(ledger, command), lastBookingEnd } };
}

/** The booking as it is now: a hold that is found overdue is recorded as expired before anything else is decided. */
function current(ledger: Ledger, bookingId: string): Booking | undefined {
  const booking = ledger.find(bookingId);
  return booking !== undefined && isOverdueHold(booking, ledger.now) ? ledger.expire(booking) : booking;
}

/**
 * Records the overdue holds among the bookings of a time as expired before it is given away: they are not in the way, but the
 * constraint still counts them, and a clock that steps back must revive nothing.
 */
function expireOverdue(ledger: Ledger, around: readonly Booking[]): void {
  for (const { id } of around) current(ledger, id);
}

/** Whether a fence came between the note of the calendar's generation and now. Equality, not order: any other will do. */
function isStale(ledger: Ledger, { calendar }: CreateCommand | RescheduleCommand): boolean {
  return calendar.generation !== ledger.generation;
}

/** The seats that those of some bookings have that are active. */
function takenBy(bookings: readonly Booking[], now: Instant): Taken[] {
  return bookings
    .filter((booking) => isActive(booking, now))
    .map(({ seat, occupied: { start, end } }) => ({ seat, start, end }));
}

/** Whether an active booking has the external id. An overdue hold gives it up here. */
function isCalled(ledger: Ledger, externalId: string): boolean {
  const booking = ledger.called(externalId);
  return booking !== undefined && current(ledger, booking.id)?.state !== "EXPIRED";
}

/** Why a guest may hold no more: it has as many active holds as a guest may have, with this host or with all. */
function whyNotHold(ledger: Ledger, guestId: string, limits: HoldLimits): Refusal | undefined {
  const { withHost, inAll } = ledger.holdsOf(guestId);
  if (withHost >= limits.perGuestAndHost) return tooManyHolds("with this host", limits.perGuestAndHost);
  if (inAll >= limits.perGuest) return tooManyHolds("with all hosts together", limits.perGuest);
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

function refused(why: Refusal): Outcome {
  return { kind: "refused", refusal: why };
}
