/** Finds bookings outside of their hosts' availability. */

import type { Client } from "pg";
import { rangeFromMillis } from "../../../shared/postgres/range.ts";
import { type ActiveBooking, stillThere } from "./bookings.ts";
import type { Violation } from "./violation.ts";

export interface Databases {
  readonly availability: Client;
  /** Not in a transaction. */
  readonly booking: Client;
}

/**
 * Those of a batch that lie outside. The two databases cannot be read at one moment, and the services may be running. So a
 * booking is only named if it is found to be the same after availability was read as it was before: then it was active at
 * the very moment at which its time was not available, and no order of correct changes leads there.
 */
export async function outside(databases: Databases, batch: readonly ActiveBooking[]): Promise<Violation[]> {
  const unended = batch.filter((booking) => booking.isUnended);
  if (unended.length === 0) return [];
  const suspects = await uncovered(databases.availability, unended);
  if (suspects.length === 0) return [];
  const found = await stillThere(databases.booking, suspects);
  return found.map(({ hostId, id }) => ({ kind: "OUTSIDE_AVAILABILITY", hostId, bookingId: id }));
}

/**
 * Those that some instant of is not available. The intervals are put together first, so that the answer does not rest on
 * their being merged; they are looked for by the closed range, which the table's index is over.
 */
async function uncovered(availability: Client, bookings: readonly ActiveBooking[]): Promise<ActiveBooking[]> {
  const { rows } = await availability.query<{ index: number }>(
    `select (booking.ordinal - 1)::float8 as index
     from unnest($1::uuid[], $2::float8[], $3::float8[]) with ordinality as booking (host_id, start_ms, end_ms, ordinal)
     cross join lateral (select ${rangeFromMillis("start_ms", "end_ms")} as during) as booked
     cross join lateral (
       select range_agg(a.during) as open from openings a
       where a.host_id = booking.host_id and tstzrange(lower(a.during), upper(a.during), '[]') && booked.during
     ) as available
     where not coalesce(available.open @> booked.during, false)`,
    [
      bookings.map((booking) => booking.hostId),
      bookings.map((booking) => booking.start),
      bookings.map((booking) => booking.end),
    ],
  );
  return rows.map((row) => bookings[row.index]).filter((booking) => booking !== undefined);
}
