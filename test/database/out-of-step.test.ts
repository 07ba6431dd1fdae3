/** A message that does not belong into an answer, though the rest comes as it should: nothing of that answer is believed. */

import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { roundTrip } from "../../shared/postgres/round-trip.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { message } from "../support/postgres-messages.ts";

let database: TestDatabase;
let proxy: CuttingProxy;
let client: Client;

beforeAll(async () => {
  database = await createDatabase("empty");
  proxy = await startCuttingProxy(database.url);
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});
beforeEach(async () => {
  client = new Client({ connectionString: proxy.url });
  client.on("error", () => undefined);
  await client.connect();
});
afterEach(() => client.end());

const ASKED = { name: "asked", text: "select '{}'::jsonb as json" };
/** The answer: closed, prepared, bound, its columns, its row, its end, and the end of the trip. */
const [BEHIND_BOUND, BEHIND_COLUMNS, BEHIND_ALL] = [3, 4, 6];

/** A row of one column. */
function row(text: string): Buffer {
  return message("D", Buffer.concat([Buffer.from([0, 1, 0, 0, 0, text.length]), Buffer.from(text)]));
}

test.each([
  ["columns of no statement", BEHIND_ALL, message("T", Buffer.from([0, 0]))],
  ["a row of no statement", BEHIND_ALL, row("{}")],
  ["the end of no statement", BEHIND_ALL, message("C", "SELECT 1\0")],
  ["a value that cannot be read", BEHIND_COLUMNS, row("{")],
  ["the end of the answer", BEHIND_BOUND, message("Z", "I")],
  ["something unknown", BEHIND_BOUND, message("?")],
  ["EmptyQueryResponse", BEHIND_BOUND, message("I")],
  ["PortalSuspended", BEHIND_BOUND, message("s")],
  ["CopyInResponse", BEHIND_BOUND, message("G", Buffer.from([0, 0, 0]))],
  ["CopyData", BEHIND_BOUND, message("d", "x")],
])("%s", async (what, after, inserted) => {
  proxy.insertIntoNextAnswer(after, inserted, ASKED.text);
  await expect(roundTrip(client, [ASKED])).rejects.toThrow(
    `the connection is out of step: ${what} came from the server`,
  );
});

test("what is inserted where nothing is wrong with it is believed: the place of each is the one that its name says", async () => {
  proxy.insertIntoNextAnswer(BEHIND_COLUMNS, row('{"a":1}'), ASKED.text);
  expect(await roundTrip(client, [ASKED])).toEqual([{ tag: "SELECT 1", rows: [{ json: { a: 1 } }, { json: {} }] }]);
});
