/** A migrated database as the services open it, and what it refuses. */

import type { Pool } from "pg";
import { availabilityTables } from "../../services/availability/storage/tables.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { violatedConstraint } from "../../shared/postgres/sqlstate.ts";
import { createDatabase } from "./postgres.ts";

export interface MappedDatabase {
  readonly pool: Pool;
  /** Closes and deletes it. */
  close(): Promise<void>;
}

export async function openMapped(kind: "availability" | "booking"): Promise<MappedDatabase> {
  const created = await createDatabase(kind);
  const entities = kind === "availability" ? availabilityTables : bookingTables;
  const options = { url: created.url, poolSize: 2, entities, migrations: [], applicationName: "schema-test" };
  const database = await openDatabase(options);
  return {
    pool: database.pool,
    async close() {
      await database.close();
      await created.drop();
    },
  };
}

/** The constraint that a statement breaks; "none" if it breaks none. It is rolled back. */
export async function constraintAgainst(
  { pool }: MappedDatabase,
  sql: string,
  values: unknown[] = [],
): Promise<unknown> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query(sql, values);
    return "none";
  } catch (error) {
    return violatedConstraint(error);
  } finally {
    await client.query("rollback");
    client.release();
  }
}
