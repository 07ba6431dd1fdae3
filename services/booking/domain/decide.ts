/**
 * What becomes of a host's commands: pure code, no clock, no I/O. It runs under the host's lock on what storage loaded
 * after the lock, and its result is written in the same transaction.
 *
 * Held here: no two active bookings of a host are in one seat at a time, buffers included, and none is accepted while there are
 * as many as seats; a booking is accepted only by a calendar whose generation is the host's current one; every change has exactly one
 * event; one `request_id` has one effect; one `external_id` has one standing booking; no guest has more active holds with the
 * host than one may have; with a host or guest that is deactivated or erased, nothing is made, confirmed or moved. The database
 * holds the first once more, should this code be wrong, by the constraint `bookings_no_overlap`, and the external id by
 * `bookings_external_id_key`.
 */

import type { Instant } from "../../../shared/interval.ts";
import { isSaidOf } from "./booking.ts";
import { booked, changed, current, differs, expireOverdue, refused, whyInactive } from "./changes.ts";
import {
  type CancelCommand,
  type Command,
  type ConfirmCommand,
  type EraseCommand,
  type ExpireCommand,
  type FenceCommand,
  type HoldLimits,
  type HostDecision,
  type HostState,
  isSaying,
  type Outcome,
} from "./command.ts";
import { conflictsOf, lastBookingEndOf } from "./conflicts.ts";
import { Ledger } from "./ledger.ts";
import { bookingNotFound, etagMismatch, holdExpired, notActive } from "./refusals.ts";
import { replayed, unsaid } from "./requests.ts";
import { create, reschedule } from "./take-time.ts";

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
    const says = isSaying(command);
    // Of an erased guest nothing is kept that somebody has said, not even its hash.
    const isErased = says && ledger.stateOf(outcome.booking.guestId) === "ERASED";
    if (isErased) ledger.remember(unsaid(command.request), outcome.booking, false);
    else ledger.remember(command.request, outcome.booking, says);
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
    case "erase":
      return erase(ledger, command);
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

function confirm(ledger: Ledger, command: ConfirmCommand): Outcome {
  const booking = current(ledger, command.bookingId);
  if (booking === undefined) return refused(bookingNotFound(command.bookingId));
  if (booking.state === "EXPIRED") return refused(holdExpired());
  if (booking.state === "CANCELLED") return refused(notActive("is cancelled"));
  if (differs(booking, command.etag)) return refused(etagMismatch());
  if (booking.state === "CONFIRMED") return booked(booking);
  const inactive = whyInactive(ledger, booking);
  if (inactive !== undefined) return refused(inactive);
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
  const cancelReason = ledger.stateOf(booking.guestId) === "ERASED" ? undefined : command.reason;
  const cancelled = { state: "CANCELLED", cancelReason } as const;
  return booked(ledger.write(changed(rest, cancelled, ledger.now), "CANCELLED", command.actor));
}

function expire(ledger: Ledger, command: ExpireCommand): Outcome {
  current(ledger, command.bookingId);
  return { kind: "idle" };
}

/**
 * Of a guest that is not erased, nothing is. What is erased stays so: nobody says anything new about a booking of an erased
 * guest, since none is made, and a cancel drops its reason.
 */
function erase(ledger: Ledger, command: EraseCommand): Outcome {
  const booking = current(ledger, command.bookingId);
  if (booking === undefined || ledger.stateOf(booking.guestId) !== "ERASED" || !isSaidOf(booking))
    return { kind: "idle" };
  const erased = changed(booking, { details: {}, cancelReason: undefined }, ledger.now);
  return booked(ledger.write(erased, "ERASED", command.actor));
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
