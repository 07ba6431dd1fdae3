/** Finds bookings with guests whom Availability does not have: its database was restored to a time before them. */

import type { Client } from "pg";
import type { ActiveBooking } from "./bookings.ts";
import type { Violation } from "./violation.ts";

/**
 * Those of a batch that have not ended. A guest was there before anything was booked, and users are never deleted. So whoever
 * is not there now, after the bookings were read, is lost.
 */
export async function withUnknownGuests(availability: Client, batch: readonly ActiveBooking[]): Promise<Violation[]> {
  const unended = batch.filter(({ isUnended }) => isUnended);
  if (unended.length === 0) return [];
  const { rows } = await availability.query<{ index: number }>(
    `select (asked.ordinal - 1)::float8 as index
     from unnest($1::uuid[]) with ordinality as asked (id, ordinal) left join users using (id)
     where users.id is null order by asked.ordinal`,
    [unended.map(({ guestId }) => guestId)],
  );
  return rows
    .map(({ index }) => unended[index])
    .filter((booking) => booking !== undefined)
    .map(({ hostId, id, guestId }) => ({ kind: "GUEST_UNKNOWN", hostId, bookingId: id, guestId }));
}
