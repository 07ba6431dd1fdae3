import type { Caller } from "../../../shared/caller.ts";
import { bookingNotFound } from "../domain/decide.ts";
import { hostOfBooking } from "../storage/bookings.ts";
import type { BookingDeps } from "./deps.ts";

/** The host in whose lane a change of the booking belongs. Throws Refusal BOOKING_NOT_FOUND. */
export async function hostOf(deps: BookingDeps, bookingId: string, caller: Caller): Promise<string> {
  const hostId = await hostOfBooking(deps.pool, bookingId, caller.signal);
  if (hostId === undefined) throw bookingNotFound(bookingId);
  return hostId;
}
