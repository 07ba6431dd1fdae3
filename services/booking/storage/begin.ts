/** The start of a batch: its transaction, the locks, and the time. */

import type { PoolClient, QueryResult } from "pg";
import { millis } from "../../../shared/postgres/range.ts";
import { hostLockKey } from "../../../shared/postgres/locks.ts";

/**
 * Statements below are sent one behind the other without waiting: the server runs them in order, each with a snapshot of
 * its own (READ COMMITTED), so what is read after the lock is read under the lock.
 */
export type Sent = Promise<QueryResult>;

/** Begins a transaction and tries each host's lock, at once or not at all. */
export function beginTrying(client: PoolClient, hostIds: readonly string[]): Sent[] {
  return [
    client.query("begin"),
    client.query({
      name: "try-hosts",
      text: `select host_id, pg_try_advisory_xact_lock(key) as locked
             from unnest($1::uuid[], $2::int8[]) as host(host_id, key)`,
      values: [hostIds, hostIds.map(hostLockKey)],
    }),
  ];
}

/** Begins a transaction and waits for one host's lock. The second statement fails with 55P03 after `waitMs`. */
export function beginWaiting(client: PoolClient, hostId: string, waitMs: number): Sent[] {
  return [
    client.query("begin"),
    client.query("select set_config('lock_timeout', $1, true)", [String(waitMs)]),
    client.query({
      name: "wait-for-host",
      text: "select $1::uuid as host_id, true as locked, pg_advisory_xact_lock($2::int8)",
      values: [hostId, hostLockKey(hostId)],
    }),
  ];
}

/**
 * Reads the clock, once for the whole batch and after the locks (`now()` would be the time before the wait), and leaves it
 * in the transaction's setting `booking.now` for the statements that follow.
 */
export function readClock(client: PoolClient): Sent {
  return client.query({
    name: "read-clock",
    text: `select ${millis("set_config('booking.now', date_trunc('milliseconds', clock_timestamp())::text, true)::timestamptz")} as now`,
  });
}

/** SQL for the batch's time. */
export const BATCH_NOW = "current_setting('booking.now')::timestamptz";
