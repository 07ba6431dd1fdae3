/** The stored bookings that occupy time. */

import type { Client } from "pg";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { millis } from "../../../shared/postgres/range.ts";
import { inBatches } from "./stored.ts";

export interface ActiveBooking extends Interval {
  readonly id: string;
  readonly hostId: string;
  readonly guestId: string;
  readonly start: Instant;
  readonly end: Instant;
  readonly seat: number;
  /** Its time with its buffers: all of it in the seat. */
  readonly occupied: Interval;
  readonly version: number;
  /** Whether its time is not over yet. What has ended may lie outside availability: the host may have removed that time. */
  readonly isUnended: boolean;
}

interface Row {
  readonly id: string;
  readonly host_id: string;
  readonly guest_id: string;
  readonly start: number;
  readonly end: number;
  readonly seat: number;
  readonly occupied_start: number;
  readonly occupied_end: number;
  readonly version: number;
  readonly is_unended: boolean;
}

/** A hold past its `expire_time` is not active, whether that is recorded or not. */
const IS_ACTIVE = "(state = 'CONFIRMED' or (state = 'HELD' and expire_time > clock_timestamp()))";

/** All active bookings, by host, seat and when they occupy it, in batches, of the moment at which the client's transaction sees the database. */
export async function* activeBookings(client: Client): AsyncGenerator<ActiveBooking[]> {
  const rows = inBatches<Row>(
    client,
    `select id, host_id, guest_id, ${millis("lower(during)")} as start, ${millis("upper(during)")} as end, seat,
            ${millis("lower(occupied)")} as occupied_start, ${millis("upper(occupied)")} as occupied_end, version,
            upper(during) > clock_timestamp() as is_unended
     from bookings where ${IS_ACTIVE} order by host_id, seat, lower(occupied), id`,
  );
  for await (const batch of rows) {
    yield batch.map(
      ({
        host_id: hostId,
        guest_id: guestId,
        occupied_start: start,
        occupied_end: end,
        is_unended: isUnended,
        ...row
      }) => ({
        ...row,
        hostId,
        guestId,
        occupied: { start, end },
        isUnended,
      }),
    );
  }
}

/** Those of `bookings` that are, at this moment, still active, not ended and of the same version. Outside of transactions. */
export async function stillThere(client: Client, bookings: readonly ActiveBooking[]): Promise<ActiveBooking[]> {
  const { rows } = await client.query<{ index: number }>(
    `select (seen.ordinal - 1)::float8 as index
     from unnest($1::uuid[], $2::uuid[], $3::int[]) with ordinality as seen (host_id, id, version, ordinal)
     join bookings using (host_id, id, version)
     where ${IS_ACTIVE} and upper(during) > clock_timestamp()`,
    [
      bookings.map((booking) => booking.hostId),
      bookings.map((booking) => booking.id),
      bookings.map((booking) => booking.version),
    ],
  );
  const there = new Set(rows.map((row) => row.index));
  return bookings.filter((_, index) => there.has(index));
}
