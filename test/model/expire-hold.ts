/** Lets a hold's time come without waiting for it. */

import type { Pool } from "pg";
import type { Instant } from "../../shared/interval.ts";
import { lockHost } from "../../shared/postgres/locks.ts";
import { millis } from "../../shared/postgres/range.ts";
import { transaction } from "../../shared/postgres/transaction.ts";

/**
 * Moves the `expire_time` of a hold into the past, under the host's lock like every change of a booking. Returns it; undefined
 * if the booking is no hold any more.
 */
export async function expireHold(pool: Pool, hostId: string, bookingId: string): Promise<Instant | undefined> {
  return transaction(pool, async (client) => {
    await lockHost(client, hostId);
    const { rows } = await client.query<{ expire_time: Instant }>(
      `update bookings set expire_time = clock_timestamp() - interval '1 second'
       where id = $1 and state = 'HELD' and expire_time > clock_timestamp()
       returning ${millis("expire_time")} as expire_time`,
      [bookingId],
    );
    return rows[0]?.expire_time;
  });
}
