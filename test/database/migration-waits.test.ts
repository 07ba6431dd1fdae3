/** A migration of a table that others use: they are not kept waiting, and it is not given up. */

import { Migration } from "@mikro-orm/migrations";
import type { Pool, PoolClient } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bookingMigrations } from "../../services/booking/storage/migrations/all.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { type Database, openDatabase } from "../../shared/postgres/database.ts";
import { assertMigrated, migrate } from "../../shared/postgres/migrate.ts";
import { TABLE_PATIENCE, type TablePatience } from "../../shared/postgres/patient-runner.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

interface Example {
  readonly name: string;
  readonly class: new (...given: ConstructorParameters<typeof Migration>) => Migration;
}

function example(name: string, isTransactional: boolean, statements: readonly string[]): Example {
  class ExampleMigration extends Migration {
    override isTransactional(): boolean {
      return isTransactional;
    }

    override up(): void {
      for (const statement of statements) this.addSql(statement);
    }
  }
  return { name, class: ExampleMigration };
}

const column = example("example-column", true, [
  "alter table hosts add column example int",
  "alter table bookings add column example int",
]);
const index = example("example-index", false, [
  "drop index concurrently if exists bookings_example",
  "create index concurrently bookings_example on bookings (create_time)",
]);

let own: TestDatabase;
let pool: Pool;
let report: PoolClient;
let database: Database;

beforeEach(async () => {
  own = await createDatabase("booking");
  pool = poolOf(own.url);
  report = await pool.connect();
  await report.query("set application_name = 'long report'");
});
afterEach(async () => {
  report.release(true);
  await Promise.all([pool.end(), database.close()]);
  await own.drop();
});

async function open(migrations: readonly Example[], tablePatience: TablePatience): Promise<void> {
  database = await openDatabase({
    url: own.url,
    poolSize: 2,
    entities: bookingTables,
    migrations: [...bookingMigrations, ...migrations],
    applicationName: "migrating",
    statementTimeoutMs: 0,
    tablePatience,
  });
}

/** How many attempts the migration has made by now: each rolled back one is counted by PostgreSQL, for everybody's together. */
async function rollbacks(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    "select xact_rollback::int as count from pg_stat_database where datname = current_database()",
  );
  return rows[0]!.count;
}

test("it steps back for others, again and again, until the table is free", async () => {
  await open([column], { ...TABLE_PATIENCE, waitMs: 50, pauseMs: 50 });
  await report.query("begin");
  await report.query("select from bookings");
  const before = await rollbacks();
  const migrated = migrate(database);
  await somebodyWaits(pool);
  // This one comes after the migration, and is let through before the report has ended.
  await pool.query("select from bookings");
  await expect.poll(rollbacks, { timeout: 20_000 }).toBeGreaterThan(before + 2);
  await pool.query("select from hosts");
  await report.query("commit");
  expect(await migrated).toEqual([column.name]);
  await assertMigrated(database);
});

test("it fails in the end, names the oldest transaction, and leaves nothing half done", async () => {
  await open([column], { ...TABLE_PATIENCE, waitMs: 10, pauseMs: 10, giveUpMs: 100 });
  await report.query("begin");
  const { rows } = await report.query<{ pid: number }>(
    "select pg_backend_pid() as pid from bookings right join (select) on true",
  );
  await expect(migrate(database)).rejects.toThrow(
    `the oldest transaction is of PostgreSQL's process ${rows[0]!.pid} ("long report", since 2`,
  );
  await expect(assertMigrated(database)).rejects.toThrow(column.name);
  const { rows: columns } = await pool.query("select from pg_attribute where attname = 'example'");
  expect(columns).toEqual([]);
});

test("an index that blocks nobody is waited for, however long that takes", async () => {
  const patience = { ...TABLE_PATIENCE, waitMs: 50, pauseMs: 50 };
  await open([index], patience);
  await report.query("begin");
  await report.query("lock table bookings in row exclusive mode");
  const migrated = migrate(database);
  await somebodyWaits(pool, 3 * patience.waitMs);
  await pool.query("select from bookings for update");
  await report.query("commit");
  expect(await migrated).toEqual([index.name]);
  const { rows } = await pool.query("select indisvalid from pg_index where indexrelid = 'bookings_example'::regclass");
  expect(rows).toEqual([{ indisvalid: true }]);
});
