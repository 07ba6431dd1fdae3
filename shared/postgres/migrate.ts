/** Brings a database's schema up to date. */

import type { Client } from "pg";
import type { Database } from "./database.ts";
import { MIGRATION_LOCK, MIGRATION_LOCK_WAIT_MS } from "./locks.ts";
import { PrimaryClient } from "./primary-client.ts";
import { assertOwnSessions } from "./session.ts";
import { isLockTimeout, isUndefinedTable } from "./sqlstate.ts";

/**
 * Runs all migrations that have not run, in order, and returns their names. Each runs in a transaction of its own and counts
 * from its commit on, whatever becomes of the next.
 *
 * Several replicas may start at once, and MikroORM's migrator takes no lock: the second would run the same migrations and
 * fail. So a session lock is held meanwhile, on a connection of its own, because the migrator takes its connections from
 * the pool as it likes. The lock goes with that connection, even if this process dies; where a pooler keeps the session, it
 * would stay, so such a pooler is refused before.
 *
 * Throws an Error to show to the operator when another session holds the lock for longer than `lockWaitMs`, or a table for
 * longer than a migration waits for it (`TABLE_PATIENCE`).
 */
export async function migrate(database: Database, lockWaitMs = MIGRATION_LOCK_WAIT_MS): Promise<string[]> {
  await assertOwnSessions(database.connection);
  const holder = new PrimaryClient(database.connection);
  // A connection that breaks while it is idle emits `error`, and an `error` without a listener ends the process.
  const broken = new Promise<never>((_resolve, reject) => holder.on("error", reject));
  broken.catch(() => undefined);
  await holder.connect();
  try {
    await takeLock(holder, lockWaitMs);
    const done = await Promise.race([database.orm.migrator.up(), broken]).catch(async (error: unknown) => {
      if (!isLockTimeout(error)) throw error;
      throw new Error(`a migration waits for a table in vain: ${await oldestTransaction(holder)}`, { cause: error });
    });
    await protectMigrations(holder);
    return done.map((migration) => migration.name);
  } finally {
    await holder.end();
  }
}

async function takeLock(holder: Client, waitMs: number): Promise<void> {
  // The wait has a limit of its own, and a database's default may be shorter.
  await holder.query("select set_config('statement_timeout', '0', false), set_config('lock_timeout', $1, false)", [
    String(waitMs),
  ]);
  try {
    await holder.query("select pg_advisory_lock($1, $2)", [...MIGRATION_LOCK]);
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new Error(`after ${waitMs / 1000} s ${await lockHolder(holder)}`, { cause: error });
  }
}

/**
 * Takes from everybody but its owner the right to change the table `migrations`. Where default privileges let a service's user
 * write what the owner makes, they do so of this table too, and a service that could change it could make the next run skip
 * a migration or run one twice. Reading it stays: that is how a service knows that it fits.
 */
async function protectMigrations(client: Client): Promise<void> {
  const { rows } = await client.query<{ grantee: string }>(
    `select distinct case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee
     from pg_class, aclexplode(relacl)
     where oid = 'migrations'::regclass and grantee <> relowner
       and privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')`,
  );
  for (const { grantee } of rows) {
    await client.query(`revoke insert, update, delete, truncate on table migrations from ${grantee}`);
  }
}

/** Who holds the migrations' lock, in words. */
async function lockHolder(client: Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; since: string }>(
    `select pid, application_name as name,
            coalesce(to_char(backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'unknown') as since
     from pg_locks join pg_stat_activity using (pid)
     where locktype = 'advisory' and granted and (classid, objid, objsubid) = ($1, $2, 2)
       and database = (select oid from pg_database where datname = current_database())`,
    [...MIGRATION_LOCK],
  );
  const [holder] = rows;
  if (holder === undefined) return "the lock of the migrations was not had; it is free now: try again";
  const { pid, name, since } = holder;
  return `the lock of the migrations is still held by PostgreSQL's process ${pid} ("${name}", connected since ${since})`;
}

/** Whose transaction is in the way, most likely, in words. */
async function oldestTransaction(client: Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; since: string }>(
    `select pid, application_name as name, to_char(xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
     from pg_stat_activity
     where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
     order by xact_start limit 1`,
  );
  const [oldest] = rows;
  if (oldest === undefined) return "no transaction is in its way now: try again";
  const { pid, name, since } = oldest;
  return `the oldest transaction is of PostgreSQL's process ${pid} ("${name}", since ${since}): let it end, and try again`;
}

/**
 * Throws an Error to show to the operator unless all migrations that this code knows have run. Reads only: a service's
 * own database user may not change the schema.
 */
export async function assertMigrated(database: Database): Promise<void> {
  const missing = new Set(database.migrationNames);
  try {
    const { rows } = await database.pool.query<{ name: string }>("select name from migrations");
    for (const { name } of rows) missing.delete(name);
  } catch (error) {
    if (!isUndefinedTable(error)) throw error;
  }
  if (missing.size > 0) {
    throw new Error(`the database lacks ${[...missing].join(", ")}: run \`npm run migrate\` first`);
  }
}
