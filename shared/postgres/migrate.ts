/** Brings a database's schema up to date. */

import { Client } from "pg";
import type { Database } from "./database.ts";
import { MIGRATION_LOCK } from "./locks.ts";
import { sqlState } from "./sqlstate.ts";

/**
 * Runs all migrations that have not run, in one transaction, and returns their names.
 *
 * Several replicas may start at once, and MikroORM's migrator takes no lock: the second would run the same migrations and
 * fail. So a session lock is held meanwhile, on a connection of its own, because the migrator takes its connections from
 * the pool as it likes. The lock goes with that connection, even if this process dies.
 */
export async function migrate(database: Database): Promise<string[]> {
  // No statement timeout: the wait may be as long as somebody else's migrations.
  const holder = new Client({ ...database.connection, statement_timeout: 0 });
  // A connection that breaks while it is idle reports so as an event, and one that nobody listens to ends the process.
  const broken = new Promise<never>((_resolve, reject) => holder.on("error", reject));
  broken.catch(() => undefined);
  await holder.connect();
  try {
    await holder.query("select pg_advisory_lock($1, $2)", [...MIGRATION_LOCK]);
    const done = await Promise.race([database.orm.migrator.up(), broken]);
    return done.map((migration) => migration.name);
  } finally {
    await holder.end();
  }
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
    const UNDEFINED_TABLE = "42P01";
    if (sqlState(error) !== UNDEFINED_TABLE) throw error;
  }
  if (missing.size > 0) {
    throw new Error(`the database lacks ${[...missing].join(", ")}: run \`npm run migrate\` first`);
  }
}
