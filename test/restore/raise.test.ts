/** The one row by which all generations and sequences are raised, beside a batch that is under way. */

import { randomUUID } from "node:crypto";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type HostRow, loadHosts } from "../../services/booking/storage/hosts.ts";
import { raiseAfterRestore } from "../../services/booking/storage/restores.ts";
import { queryOf } from "../../shared/postgres/round-trip.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { waitUntil } from "../support/waits.ts";

let database: TestDatabase;
let batch: Client;
let raiser: Client;

beforeAll(async () => {
  database = await createDatabase("booking");
  [batch, raiser] = [await connect(), await connect()];
});

afterAll(async () => {
  await Promise.all([batch.end(), raiser.end()]);
  await database.drop();
});

async function connect(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}

async function generation(): Promise<number> {
  const { rows } = await batch.query<HostRow>(queryOf(loadHosts([randomUUID()], "now()")));
  return rows[0]!.generation;
}

test("a batch that has read a generation ends before all are raised", async () => {
  await batch.query("begin");
  expect(await generation()).toBe(0);
  const raising = raiseAfterRestore(raiser);
  await waitUntil(async () => {
    const { rowCount } = await batch.query(
      "select from pg_locks where relation = 'hosts'::regclass and mode = 'AccessExclusiveLock' and not granted",
    );
    return rowCount === 1;
  });
  expect(await generation()).toBe(0);
  await batch.query("commit");
  const raisedTo = await raising;
  expect(raisedTo).toBeGreaterThan(Date.UTC(2026, 0) * 1000);
  expect(await generation()).toBe(raisedTo);
});
