/** A read whose caller has left is cancelled in the database, and nothing else is, however late the cancellation comes. */

import { Pool, type PoolClient } from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { read } from "../../shared/postgres/read.ts";
import { type Link, startLink } from "../support/link.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { waitUntil } from "../support/waits.ts";

let database: TestDatabase;
let around: Pool;
let pool: Pool;
let link: Link;
/** Has what the reads wait for. */
let holder: PoolClient;

beforeEach(async () => {
  database = await createDatabase("empty");
  around = poolOf(database.url);
  pool = new Pool({ connectionString: database.url, max: 1 });
  link = await startLink(database.url);
  holder = await around.connect();
});
afterEach(async () => {
  holder.release(true);
  await pool.end();
  await link.close();
  await around.end();
  await database.drop();
});

test("the next reader gets the connection when the cancellation is through, and is not hit by it", async () => {
  await holder.query("select pg_advisory_lock(1), pg_advisory_lock(2)");
  const leaving = new AbortController();
  const reading = read(pool, { text: "select pg_advisory_lock(1)" }, { signal: leaving.signal });
  await somebodyWaits(around);
  // Cancellations have a connection of their own. This one stays on its way.
  link.set("silent");
  const behind = new URL(database.url);
  behind.host = new URL(link.url).host;
  pool.options.connectionString = behind.href;
  leaving.abort();
  const next = pool.query("select pg_advisory_lock(2)").then(() => "an answer", String);
  // Meanwhile the query ends by itself.
  await holder.query("select pg_advisory_unlock(1)");
  await waitUntil(async () => {
    const { rowCount } = await around.query(
      `select from pg_stat_activity where datname = current_database() and query like '%lock(1)%'
         and state = 'active' and pid <> pg_backend_pid()`,
    );
    return rowCount === 0;
  });
  await around.query("select");
  expect(pool.waitingCount).toBe(1);
  link.set("open");
  expect(await reading).toHaveLength(1);
  await holder.query("select pg_advisory_unlock(2)");
  expect(await next).toBe("an answer");
});
