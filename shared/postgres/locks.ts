/**
 * Every advisory lock of the project, in one place. Hosts use PostgreSQL's one-key (64 bit) space, everything else its
 * two-key space, so that no host can collide with a migration. Advisory locks belong to a database: the two services do
 * not see each other's.
 */

import type { ClientBase, Pool } from "pg";
import { hostBusy } from "../errors.ts";
import { roundTrip } from "./round-trip.ts";
import { isLockTimeout } from "./sqlstate.ts";

/** First key of all locks that are not a host's: "slot" in ASCII. */
const PROJECT = 0x736c6f74;
export const MIGRATION_LOCK = [PROJECT, 1] as const;
/** How long a migration waits for another one, before it gives up and says who that is. */
export const MIGRATION_LOCK_WAIT_MS = 60_000;
const SELF_CHECK_LOCK = [PROJECT, 2] as const;

/** How long a write waits for a host that another transaction is changing, before it is refused with BUSY. */
export const HOST_LOCK_WAIT_MS = 1000;

/**
 * When the server ends a transaction that holds a host's lock and says nothing: its client hangs, or what it has sent never
 * came. Longer than such a transaction waits for anything (a removal waits for Booking), shorter than a caller's usual deadline.
 */
export const HOST_LOCK_IDLE_MS = 5000;

/**
 * The lock key of a host, as the decimal text of a signed 64-bit integer: the two halves of its UUID, xored. Two hosts
 * with one key would merely wait for each other.
 */
export function hostLockKey(hostId: string): string {
  const bits = BigInt(`0x${hostId.replaceAll("-", "")}`);
  return BigInt.asIntN(64, (bits >> 64n) ^ bits).toString();
}

/**
 * Takes a host's lock until the transaction ends. To be called right after `begin`, and nothing may be read before it.
 *
 * The lock is a statement of its own, in READ COMMITTED: a statement sees the database as it was when the statement began,
 * which for one that locks and reads is before the wait, so it would decide on what the lock's last holder has changed
 * since. Throws Refusal BUSY when it waits longer than `waitMs`.
 */
export async function lockHost(
  client: ClientBase,
  hostId: string,
  mode: "exclusive" | "shared" = "exclusive",
  waitMs: number = HOST_LOCK_WAIT_MS,
): Promise<void> {
  const key = [hostLockKey(hostId)];
  try {
    await roundTrip(client, [
      {
        name: "limit-host-lock",
        text: `select set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)`,
        values: [Math.max(1, Math.ceil(waitMs)), HOST_LOCK_IDLE_MS],
      },
      mode === "exclusive"
        ? { name: "lock-host", text: "select pg_advisory_xact_lock($1::int8)", values: key }
        : { name: "lock-host-shared", text: "select pg_advisory_xact_lock_shared($1::int8)", values: key },
    ]);
  } catch (error) {
    if (isLockTimeout(error)) throw hostBusy(hostId);
    throw error;
  }
}

/**
 * Checks that advisory locks of two connections really exclude each other. Behind a proxy that shares connections between
 * transactions, and in some databases that only speak PostgreSQL's protocol, they do not, and bookings would double.
 * Throws an Error to show to the operator.
 */
export async function assertAdvisoryLocksWork(pool: Pool): Promise<void> {
  const [holder, rival] = await Promise.all([pool.connect(), pool.connect()]);
  try {
    await holder.query("begin");
    await rival.query("begin");
    // Blocking, so that another replica's check at the same moment is waited for and not taken for a failure.
    await holder.query("select pg_advisory_xact_lock($1, $2)", [...SELF_CHECK_LOCK]);
    const { rows } = await rival.query<{ taken: boolean }>("select pg_try_advisory_xact_lock($1, $2) as taken", [
      ...SELF_CHECK_LOCK,
    ]);
    if (rows[0]?.taken !== false) {
      throw new Error("advisory locks of two sessions do not exclude each other: this database cannot be used");
    }
  } finally {
    await Promise.allSettled([holder.query("rollback"), rival.query("rollback")]);
    holder.release();
    rival.release();
  }
}
