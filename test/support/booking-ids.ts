/** Ids for bookings that are made around the service. */

import { randomUUIDv7 } from "node:crypto";
import { bookingIdFrom } from "../../services/booking/domain/booking-id.ts";

export function newBookingId(hostId: string): string {
  return bookingIdFrom(randomUUIDv7(), hostId);
}

/** The same in SQL, for an expression that is the host's id. */
export function newBookingIdSql(hostId: string): string {
  return `(left(gen_random_uuid()::text, 34) || right(${hostId}::uuid::text, 2))::uuid`;
}
