/** What the decisions about single bookings have in common. */

import type { Refusal } from "../../../shared/errors.ts";
import type { Instant } from "../../../shared/interval.ts";
import { type Booking, etagOf, isOverdueHold } from "./booking.ts";
import type { Outcome } from "./command.ts";
import type { Ledger } from "./ledger.ts";
import { guestDeactivated, hostDeactivated } from "./refusals.ts";

/** The booking as it is now: a hold that is found overdue is recorded as expired before anything else is decided. */
export function current(ledger: Ledger, bookingId: string): Booking | undefined {
  const booking = ledger.find(bookingId);
  return booking !== undefined && isOverdueHold(booking, ledger.now) ? ledger.expire(booking) : booking;
}

/**
 * Records the overdue holds among the bookings of a time as expired before it is given away: they are not in the way, but the
 * constraint still counts them, and a clock that steps back must revive nothing.
 */
export function expireOverdue(ledger: Ledger, around: readonly Booking[]): void {
  for (const { id } of around) current(ledger, id);
}

/** Why nothing new is booked with these two: the host or else the guest is deactivated or erased. */
export function whyInactive(
  ledger: Ledger,
  { hostId, guestId }: { readonly hostId: string; readonly guestId: string },
): Refusal | undefined {
  if (ledger.stateOf(hostId) !== "ACTIVE") return hostDeactivated(hostId);
  if (ledger.stateOf(guestId) !== "ACTIVE") return guestDeactivated(guestId);
  return undefined;
}

export function changed(booking: Booking, change: Partial<Booking>, now: Instant): Booking {
  return { ...booking, ...change, version: booking.version + 1, updateTime: now };
}

export function differs(booking: Booking, etag: string | undefined): boolean {
  return etag !== undefined && etag !== etagOf(booking);
}

export function booked(booking: Booking): Outcome {
  return { kind: "booked", booking };
}

export function refused(why: Refusal): Outcome {
  return { kind: "refused", refusal: why };
}
