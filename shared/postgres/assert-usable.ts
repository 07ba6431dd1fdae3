import type { Database } from "./database.ts";
import { assertAdvisoryLocksWork } from "./locks.ts";
import { assertMigrated } from "./migrate.ts";
import { assertOwnSessions } from "./session.ts";
import { isConnectionLost } from "./sqlstate.ts";

/**
 * Throws an Error to show to the operator unless a service can run on the database: within reach, with sessions of our own,
 * taking writes, migrated, with real locks.
 */
export async function assertUsable(database: Database): Promise<void> {
  try {
    // First: all other connections get settings, which must not become those of strangers.
    await assertOwnSessions(database.connection);
    await assertMigrated(database);
    await assertAdvisoryLocksWork(database.pool);
  } catch (error) {
    throw isConnectionLost(error) ? new Error("the database is out of reach", { cause: error }) : error;
  }
}
