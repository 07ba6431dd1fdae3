/** The schema of each service's database: what `npm run migrate`, `npm start` and the tests bring it up to. */

import { availabilityMigrations } from "../../availability/storage/migrations/all.ts";
import { availabilityTables } from "../../availability/storage/tables.ts";
import { bookingMigrations } from "../../booking/storage/migrations/all.ts";
import { bookingTables } from "../../booking/storage/tables.ts";
import { openDatabase } from "../../../shared/postgres/database.ts";
import { migrate } from "../../../shared/postgres/migrate.ts";
import type { ServiceName } from "../services.ts";

const schemas = {
  availability: { entities: availabilityTables, migrations: availabilityMigrations },
  booking: { entities: bookingTables, migrations: bookingMigrations },
} as const satisfies Record<ServiceName, unknown>;

/**
 * Runs the migrations that have not run yet and returns their names. Connects as the user of `url`, who owns what is made;
 * the services may use one who may only read and write rows. Leaves no connection behind.
 */
export async function migrateDatabase(service: ServiceName, url: string): Promise<string[]> {
  const database = await openDatabase({
    ...schemas[service],
    url,
    poolSize: 2,
    applicationName: `${service}-migrate`,
    statementTimeoutMs: 0,
  });
  try {
    return await migrate(database);
  } finally {
    await database.close();
  }
}
