import type { Pool } from "pg";
import type { Logger } from "pino";
import { HOUR_MS } from "../time-units.ts";
import { REQUEST_MEMORY_DAYS } from "../limits.ts";
import { type Periodic, periodically } from "../periodically.ts";

/** Few enough to be done in milliseconds: a delete holds its rows, and its transaction holds back vacuum. */
const BATCH = 1000;

/**
 * Deletes remembered answers that are older than REQUEST_MEMORY_DAYS, in batches, until none is left or `signal` aborts.
 * Replicas that do this at once share the work: each skips the rows that another is deleting.
 */
export async function forgetOldRequests(pool: Pool, signal: AbortSignal): Promise<number> {
  let forgotten = 0;
  for (let deleted = BATCH; deleted === BATCH && !signal.aborted; forgotten += deleted) {
    // Not `clock_timestamp()`: what may change within a statement cannot be looked up in an index.
    const result = await pool.query(
      `delete from requests where ctid = any (array(
         select ctid from requests
         where create_time < statement_timestamp() - make_interval(days => $1)
         limit $2
         for update skip locked))`,
      [REQUEST_MEMORY_DAYS, BATCH],
    );
    deleted = result.rowCount ?? 0;
  }
  return forgotten;
}

/** Does so every hour, until it is stopped. */
export function forgetOldRequestsHourly(pool: Pool, log: Logger): Periodic {
  return periodically("forget old requests", HOUR_MS, (signal) => forgetOldRequests(pool, signal), log);
}
