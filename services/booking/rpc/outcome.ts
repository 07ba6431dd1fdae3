/** Outcomes as answers. */

import type { Booking } from "../domain/booking.ts";
import type { Outcome } from "../domain/command.ts";

/** The booking that a change ended with. Throws the refusal that it ended with instead. */
export function bookingOf(outcome: Outcome): Booking {
  if (outcome.kind === "booked") return outcome.booking;
  if (outcome.kind === "refused") throw outcome.refusal;
  throw new Error(`a change of a booking cannot end as ${outcome.kind}`);
}
