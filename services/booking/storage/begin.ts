/** The start of a batch: its transaction and the locks. */

import { hostLockKey } from "../../../shared/postgres/locks.ts";
import type { Statement } from "../../../shared/postgres/round-trip.ts";

const BEGIN: Statement = { name: "begin", text: "begin isolation level read committed" };

/**
 * Begins a transaction and tries each host's lock, at once or not at all; the last statement's rows say which were had.
 *
 * The locks are a statement of their own, and what follows them in the same round trip has a later snapshot (READ
 * COMMITTED): what is read after the lock is read under the lock.
 */
export function beginTrying(hostIds: readonly string[]): Statement[] {
  return [
    BEGIN,
    {
      name: "try-hosts",
      text: `select host_id, pg_try_advisory_xact_lock(key) as locked
             from unnest($1::uuid[], $2::int8[]) as host(host_id, key)`,
      values: [hostIds, hostIds.map(hostLockKey)],
    },
  ];
}

/** Begins a transaction and waits for one host's lock. The last statement fails with 55P03 after `waitMs`. */
export function beginWaiting(hostId: string, waitMs: number): Statement[] {
  return [
    BEGIN,
    { name: "limit-lock-wait", text: "select set_config('lock_timeout', $1, true)", values: [waitMs] },
    {
      name: "wait-for-host",
      text: "select $1::uuid as host_id, true as locked, pg_advisory_xact_lock($2::int8)",
      values: [hostId, hostLockKey(hostId)],
    },
  ];
}

/** A row of the last statement of either. */
export interface LockRow {
  readonly host_id: string;
  readonly locked: boolean;
}
