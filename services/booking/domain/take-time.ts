/** The decisions that give time to a booking: the one that makes it, and the one that moves it. See `decide`. */

import type { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import { type Booking, isActive } from "./booking.ts";
import { refusal } from "./calendar.ts";
import { booked, changed, current, differs, expireOverdue, refused, whyInactive } from "./changes.ts";
import type { CreateCommand, HoldLimits, Outcome, RescheduleCommand } from "./command.ts";
import { behind, notGrown } from "./kept-start.ts";
import type { Ledger } from "./ledger.ts";
import { bookingNotFound, etagMismatch, externalIdTaken, notActive, startInPast, tooManyHolds } from "./refusals.ts";
import { occupied } from "./rules.ts";
import { freeSeat, type Taken } from "./seats.ts";

export function create(ledger: Ledger, command: CreateCommand, limits: HoldLimits): Outcome {
  const { hostId, guestId, during, holdMs, details, calendar } = command;
  const { now } = ledger;
  const inactive = whyInactive(ledger, command);
  if (inactive !== undefined) return refused(inactive);
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

export function reschedule(ledger: Ledger, command: RescheduleCommand): Outcome {
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
  const inactive = whyInactive(ledger, booking);
  if (inactive !== undefined) return refused(inactive);
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
