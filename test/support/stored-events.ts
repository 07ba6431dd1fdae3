/** A host's feed, stored around the service. */

import type { Pool } from "pg";
import { hours } from "./hosts-time.ts";

/** Makes a feed of `count` events, all of one booking, without a NOTIFY. */
export async function storeEvents(pool: Pool, hostId: string, count: number): Promise<void> {
  const { start, end } = hours(0, 1);
  await pool.query(
    `insert into booking_events
       (host_id, sequence, kind, actor, event_time, booking_id, guest_id, during, occupied, seat, state, version, create_time,
        update_time)
     select $1, n, 'RESCHEDULED', repeat('x', 200), clock_timestamp(), $1, $1, during, during, 1, 'CONFIRMED', n, $3, $3
     from (select tstzrange($3, $4) as during) as times, generate_series(1, $2) as n`,
    [hostId, count, new Date(start), new Date(end)],
  );
  await pool.query("insert into hosts values ($1, 0, $2) on conflict (host_id) do update set sequence = $2", [
    hostId,
    count,
  ]);
}
