import type { Pool } from "pg";

/**
 * Makes the locks of hosts lock nothing, for all connections of the database that are opened from now on: so a test sees what a
 * constraint holds alone.
 */
export async function takeLocksAway(pool: Pool): Promise<void> {
  await pool.query(`
    create function public.pg_try_advisory_xact_lock(bigint) returns boolean language sql as 'select true';
    create function public.pg_advisory_xact_lock(bigint) returns void language sql as ''`);
  const { rows } = await pool.query<{ name: string }>("select current_database() as name");
  await pool.query(`alter database ${rows[0]!.name} set search_path = public, pg_catalog`);
}
