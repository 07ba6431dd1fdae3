/** Finds out how a commit ended whose answer was lost with its connection. */

import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";
import { monotonicMs } from "../../../shared/clock.ts";
import { lockHost } from "../../../shared/postgres/locks.ts";
import { fromMillis } from "../../../shared/postgres/range.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import type { BookingEvent } from "../domain/booking.ts";

/** How long a database that is restarting is waited for before the answer is OUTCOME_UNKNOWN. */
const FIND_OUT_WITHIN_MS = 8_000;
const RETRY_MS = 200;

/**
 * Whether `event`, one of those that a batch wrote, is stored. The old transaction may still be running, because the server
 * notices a lost connection late; it holds the host's lock until its end, so behind that lock the answer is final. All of
 * the event is compared: where the batch was rolled back, another replica may have done the same to the same booking since,
 * as both their sweepers do, and that is not this batch. This
 * asks for the row itself and not for the transaction's status: after a crash a transaction id that left no trace on disk
 * can be given out again. Throws when it cannot be told in time.
 */
export async function wasRecorded(pool: Pool, event: BookingEvent): Promise<boolean> {
  const until = monotonicMs() + FIND_OUT_WITHIN_MS;
  for (;;) {
    try {
      return await transaction(pool, async (client) => {
        await lockHost(client, event.hostId, "exclusive", until - monotonicMs());
        const { rowCount } = await client.query(
          `select from booking_events
           where host_id = $1 and sequence = $2 and booking_id = $3 and version = $4 and kind = $5 and actor = $6
             and event_time = ${fromMillis("$7::float8")}`,
          [event.hostId, event.sequence, event.booking.id, event.booking.version, event.kind, event.actor, event.time],
        );
        return rowCount === 1;
      });
    } catch (error) {
      if (monotonicMs() + RETRY_MS >= until) throw error;
      await pause(RETRY_MS);
    }
  }
}
