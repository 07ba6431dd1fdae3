/** Finds out how a batch ended whose commit's answer was lost. */

import type { Pool } from "pg";
import { whenEnded } from "../../../shared/postgres/find-out.ts";
import { fromMillis } from "../../../shared/postgres/range.ts";
import type { BookingEvent } from "../domain/booking.ts";

/**
 * Whether `event`, one of those that a batch wrote, is stored, asked when the batch has ended; without one, false. A batch
 * takes the locks of its hosts in a trip of its own, before the one that ends with COMMIT: see `whenEnded`. `hostId` is one
 * of them, the event's if there is one.
 *
 * All of the event is compared: where the batch was rolled back, another replica may have written the event of this sequence
 * since, even the same change of the same booking, and that is not this batch. Throws when it cannot be told in time.
 */
export async function wasRecorded(pool: Pool, hostId: string, event: BookingEvent | undefined): Promise<boolean> {
  return await whenEnded(pool, hostId, async (client) => {
    if (event === undefined) return false;
    const { rowCount } = await client.query(
      `select from booking_events
       where host_id = $1 and sequence = $2 and booking_id = $3 and version = $4 and kind = $5 and actor = $6
         and event_time = ${fromMillis("$7::float8")}`,
      [event.hostId, event.sequence, event.booking.id, event.booking.version, event.kind, event.actor, event.time],
    );
    return rowCount === 1;
  });
}
