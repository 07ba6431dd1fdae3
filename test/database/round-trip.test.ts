/** Many statements in one round trip, on a real connection. */

import type { Socket } from "node:net";
import type { Pool, PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { brokenOff, roundTrip, type Parameter, type Statement } from "../../shared/postgres/round-trip.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;
let client: PoolClient;

beforeAll(async () => {
  database = await createDatabase("booking");
  pool = poolOf(database.url);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  client = await pool.connect();
});
afterEach(() => client.release(true));

const count: Statement = { name: "count", text: "select count(*)::float8 as count from written" };
const write = (values: readonly Parameter[]): Statement => ({
  name: "write",
  text: "insert into written select * from unnest($1::text[])",
  values,
});

test("every statement has its own result, read by type, the second time as the first", async () => {
  const statements: Statement[] = [
    { name: "none", text: "select 1 as one where false" },
    { name: "begin", text: "begin" },
    {
      name: "types",
      text: `select true as yes, 1.5::float8 as number, null::text as nothing, '{"a": [1]}'::jsonb as json`,
    },
    {
      name: "rows",
      text: "select * from unnest($1::uuid[], $2::int8[]) as row(id, number)",
      values: [
        [ID, ID],
        [1, 2],
      ],
    },
    { name: "commit", text: "commit" },
  ];
  const expected = [
    { tag: "SELECT 0", rows: [] },
    { tag: "BEGIN", rows: [] },
    { tag: "SELECT 1", rows: [{ yes: true, number: 1.5, nothing: null, json: { a: [1] } }] },
    {
      tag: "SELECT 2",
      rows: [
        { id: ID, number: "1" },
        { id: ID, number: "2" },
      ],
    },
    { tag: "COMMIT", rows: [] },
  ];
  expect(await roundTrip(client, statements)).toEqual(expected);
  expect(await roundTrip(client, statements)).toEqual(expected);
});

const ID = "01234567-89ab-7def-8123-456789abcdef";

test("texts arrive as they are, whatever PostgreSQL's arrays mean by such letters", async () => {
  const texts = [
    "",
    " ",
    "null",
    "NULL",
    "Null",
    'say "hi"',
    "back\\slash",
    "{a,b}",
    ",",
    "ü€😀",
    "line\nbreak",
    "it's",
  ];
  const asked: Statement = {
    name: "texts",
    text: "select to_json($1::text[]) as texts",
    values: [[...texts, undefined]],
  };
  expect(await roundTrip(client, [asked])).toEqual([{ tag: "SELECT 1", rows: [{ texts: [...texts, null] }] }]);
});

test("however many statements it has, a trip goes out as one write, and not as one for each message", async () => {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } }).connection;
  const written = [vi.spyOn(stream, "_write"), vi.spyOn(stream, "_writev" as "_write")];
  await roundTrip(
    client,
    Array.from({ length: 5 }, (_, index) => ({ name: `one-${index}`, text: "select 1" })),
  );
  expect(written.map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
});

test("what follows a statement that fails is not run, and the error says which one it was", async () => {
  await client.query("create temporary table written (text text check (text <> 'bad'))");
  const bad = write([["bad"]]);
  const error: unknown = await roundTrip(client, [write([["good"]]), bad, write([["late"]])]).catch(
    (thrown: unknown) => thrown,
  );
  expect(brokenOff(error)).toEqual({ results: [{ tag: "INSERT 0 1", rows: [] }], failed: bad });
  expect(error).toMatchObject({ code: "23514" });
  // Without a transaction of its own a trip is one: what came before the failure is undone.
  expect(await roundTrip(client, [count])).toEqual([{ tag: "SELECT 1", rows: [{ count: 0 }] }]);
  expect(await roundTrip(client, [write([["good"]]), count])).toMatchObject([{}, { rows: [{ count: 1 }] }]);
});

test("a statement that could not be prepared can be when its table is there", async () => {
  const begin: Statement = { name: "begin", text: "begin" };
  await expect(roundTrip(client, [begin, count])).rejects.toMatchObject({ code: "42P01" });
  await client.query("rollback");
  await client.query("create temporary table written (text text)");
  expect(await roundTrip(client, [begin, count])).toMatchObject([{}, { rows: [{ count: 0 }] }]);
});

test("a connection that is lost on the way rejects, and blames no statement", async () => {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  client.on("error", () => undefined);
  const sleeping = roundTrip(client, [{ name: "sleep", text: "select pg_sleep(60)" }]).catch(
    (thrown: unknown) => thrown,
  );
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  const error = await sleeping;
  expect(error).toBeInstanceOf(Error);
  expect(brokenOff(error)).toEqual({ results: [], failed: undefined });
  await pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
});

test("a value that cannot be written fails before anything is sent, and the connection goes on", async () => {
  const impossible = write([null as never]);
  await expect(roundTrip(client, [{ name: "begin", text: "begin" }, impossible])).rejects.toThrow(TypeError);
  const [result] = await roundTrip(client, [{ name: "answer", text: "select 42::float8 as answer" }]);
  expect(result?.rows).toEqual([{ answer: 42 }]);
});
