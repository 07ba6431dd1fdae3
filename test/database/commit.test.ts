/** What a COMMIT that the server itself refuses says of its transaction. */

import type { ClientBase, Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { transaction } from "../../shared/postgres/transaction.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createDatabase("booking");
  pool = poolOf(database.url);
  await pool.query(`
    create table written (text text);
    create function refuse() returns trigger language plpgsql as
      $$begin raise exception 'refused' using errcode = new.text; end$$;
    create constraint trigger refusing after insert on written deferrable initially deferred
      for each row execute function refuse()`);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test.each(["23514", "40001", "40P01", "57014"])("with %s it proves that nothing was committed", async (state) => {
  const refused = transaction(pool, (client) => client.query("insert into written values ($1)", [state]));
  await expect(refused).rejects.toMatchObject({ code: state });
});

test.each(["53100", "58030", "XX000"])("with %s it proves nothing", async (state) => {
  const refused = transaction(pool, (client) => client.query("insert into written values ($1)", [state]));
  await expect(refused).rejects.toMatchObject({ reason: "OUTCOME_UNKNOWN" });
});

test("what was only read is true without it", async () => {
  const proxy = await startCuttingProxy(database.url);
  const cut = poolOf(proxy.url);
  proxy.cutNextCommit("before");
  const read = async (client: ClientBase): Promise<unknown> => (await client.query("select 42 as answer")).rows[0];
  expect(await transaction(cut, read, { isReadOnly: true })).toEqual({ answer: 42 });
  expect(proxy.cuts()).toBe(1);
  await cut.end();
  await proxy.close();
});

test("a transaction that an error has aborted is not committed, though its COMMIT is answered", async () => {
  const aborted = transaction(pool, async (client) => {
    await client.query("select 1 / 0").catch(() => undefined);
    return "as if nothing had happened";
  });
  await expect(aborted).rejects.toThrow("an error had aborted it");
  // Nor is its connection out of step for the next transaction.
  expect(await transaction(pool, async (client) => (await client.query("select 1")).rowCount)).toBe(1);
});
