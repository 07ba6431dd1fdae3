/** Seeing in PostgreSQL that a session waits: from that moment a test may release the lock's holder. */

import type { Pool } from "pg";
import { waitUntil } from "./waits.ts";

/** Two-key advisory lock that `stopCommitsTo` stops at. Hosts' locks have one key. */
const GATE = [1, 1] as const;

/** Resolves when a session of the database has waited this long for a lock that is not the gate's. */
export async function somebodyWaits(pool: Pool, sinceMs = 0): Promise<void> {
  await sessionsThatWait(pool, 1, sinceMs);
}

/** Resolves when at least so many have. */
export async function sessionsThatWait(pool: Pool, count: number, sinceMs = 0): Promise<void> {
  const TWO_KEYS = 2;
  await waitUntil(async () => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity join pg_locks using (pid)
       where datname = current_database() and not granted and objsubid is distinct from $1
         and query_start <= clock_timestamp() - make_interval(secs => $2)`,
      [TWO_KEYS, sinceMs / 1000],
    );
    return (rowCount ?? 0) >= count;
  });
}

export interface StoppedCommits {
  /** Resolves when a commit has come to the gate. */
  readonly reached: Promise<unknown>;
  /** Cuts the connection of every commit at the gate: they are rolled back. */
  cut(): Promise<void>;
  /** Opens the gate for good. */
  end(): Promise<void>;
}

/**
 * Holds every transaction that inserts into a table, in its COMMIT and with its locks, until `end`: so a test stops one between
 * what it has decided and its commit without a place for it in the service.
 */
export async function stopCommitsTo(pool: Pool, table: string): Promise<StoppedCommits> {
  await pool.query(`
    create function wait_at_gate() returns trigger language plpgsql set lock_timeout = 0 as
      'begin perform pg_advisory_xact_lock_shared(${GATE.join(", ")}); return null; end';
    create constraint trigger gate after insert on ${table} deferrable initially deferred
      for each row execute function wait_at_gate()`);
  const holder = await pool.connect();
  await holder.query("select pg_advisory_lock($1, $2)", [...GATE]);
  const reached = waitUntil(async () => {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity join pg_locks using (pid)
         where datname = current_database() and not granted and (classid, objid) = ($1, $2)`,
      [...GATE],
    );
    return rowCount !== 0;
  });
  return {
    reached,
    async cut() {
      await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity join pg_locks using (pid)
         where datname = current_database() and not granted and (classid, objid) = ($1, $2)`,
        [...GATE],
      );
    },
    async end() {
      await holder.query("select pg_advisory_unlock($1, $2)", [...GATE]);
      holder.release();
      // This waits for the transactions that have passed the gate.
      await pool.query("drop function wait_at_gate cascade");
    },
  };
}
