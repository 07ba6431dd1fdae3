import { may } from "../../../shared/auth/access.ts";
import type { Call } from "../../../shared/rpc/handler.ts";
import { bookingNotFound } from "../domain/refusals.ts";
import { peopleOfBooking } from "../storage/bookings.ts";
import type { BookingDeps } from "./deps.ts";

/**
 * The host in whose lane a change of the booking belongs. Throws Refusal BOOKING_NOT_FOUND, also if the booking is not for
 * the caller to change: ids must not be worth guessing.
 */
export async function hostOf(deps: BookingDeps, bookingId: string, call: Call): Promise<string> {
  const people = await peopleOfBooking(deps.pool, bookingId, call);
  if (people === undefined || !may(call, { host: people.hostId, guest: people.guestId })) {
    throw bookingNotFound(bookingId);
  }
  return people.hostId;
}
