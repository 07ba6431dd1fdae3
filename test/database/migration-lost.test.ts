/** A migration whose connection with the lock is lost: it fails, in words, and does not end its process in another way. */

import type { Pool } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bookingMigrations } from "../../services/booking/storage/migrations/all.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { MIGRATION_LOCK } from "../../shared/postgres/locks.ts";
import { migrate } from "../../shared/postgres/migrate.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

const options = {
  poolSize: 2,
  entities: bookingTables,
  migrations: bookingMigrations,
  applicationName: "migrating",
};

let empty: TestDatabase;
let pool: Pool;
/** What a test has started, to be ended in the reverse order. */
let started: (() => unknown)[];

beforeEach(async () => {
  empty = await createDatabase("empty");
  pool = poolOf(empty.url);
  started = [() => empty.drop(), () => pool.end()];
});
afterEach(async () => {
  for (const stop of started.toReversed()) await stop();
});

test("while it migrates", async () => {
  const migrating = await openDatabase({ ...options, url: empty.url });
  // The migrator makes this table first, and waits for a rival that does so at the same time.
  const rival = await pool.connect();
  started.push(
    () => migrating.close(),
    () => rival.release(true),
  );
  await rival.query("begin");
  await rival.query("create table migrations (id int)");
  const failed = migrate(migrating).catch(String);
  await somebodyWaits(pool);
  await pool.query(
    `select pg_terminate_backend(pid) from pg_locks join pg_database on pg_database.oid = database
     where datname = current_database() and locktype = 'advisory' and (classid, objid) = ($1, $2)`,
    [...MIGRATION_LOCK],
  );
  // The rival still has not ended.
  expect(await failed).toContain("terminating connection");
});

test("while it asks for its turn", async () => {
  const proxy = await startCuttingProxy(empty.url);
  const migrating = await openDatabase({ ...options, url: proxy.url });
  started.push(
    () => proxy.close(),
    () => migrating.close(),
  );
  proxy.cutNextCommit("before", "pg_advisory_lock(");
  await expect(migrate(migrating)).rejects.toThrow("Connection terminated");
  expect(proxy.cuts()).toBe(1);
});

test("its turn is waited for as long as another migration usually takes: a minute", async () => {
  const proxy = await startCuttingProxy(empty.url);
  const migrating = await openDatabase({ ...options, url: proxy.url });
  started.push(
    () => proxy.close(),
    () => migrating.close(),
  );
  // PostgreSQL is told how long to wait.
  proxy.cutNextCommit("before", "60000");
  await expect(migrate(migrating)).rejects.toThrow("Connection terminated");
  expect(proxy.cuts()).toBe(1);
});

test("its turn is waited for although the database ends other statements sooner", async () => {
  const holder = await pool.connect();
  await holder.query("select pg_advisory_lock($1, $2)", [...MIGRATION_LOCK]);
  const { rows } = await pool.query<{ name: string }>("select current_database() as name");
  await pool.query(`alter database ${rows[0]?.name} set statement_timeout = '3s'`);
  const migrating = await openDatabase({ ...options, url: empty.url });
  started.push(
    () => migrating.close(),
    () => holder.release(true),
  );
  await expect(migrate(migrating, 3_500)).rejects.toThrow("the lock of the migrations is still held");
});
