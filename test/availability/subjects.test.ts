/** Which user a subject names, in Availability's own database. */

import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSubjects } from "../../services/availability/storage/subjects.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createDatabase("availability");
  pool = poolOf(database.url);
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function store(externalId: string | null, role = "USER"): Promise<string> {
  const id = randomUUID();
  await pool.query(
    "insert into users (id, email, email_key, display_name, role, external_id) values ($1, $1, $1, 'A', $2, $3)",
    [id, role, externalId],
  );
  return id;
}

async function idsOf(...subjects: string[]): Promise<(string | undefined)[]> {
  return (await findSubjects(pool, subjects)).map((user) => user?.id);
}

test("each subject gets its own user, in the order of the subjects, however often it is asked for", async () => {
  const [ada, bob] = [await store("ada"), await store("bob", "HOST")];
  expect(await idsOf("bob", "nobody", "ada", "bob", ada, bob.toUpperCase())).toEqual([
    bob,
    undefined,
    ada,
    bob,
    ada,
    bob,
  ]);
  expect(await findSubjects(pool, ["bob"])).toEqual([{ id: bob, role: "HOST", state: "ACTIVE" }]);
  expect(await findSubjects(pool, [])).toEqual([]);
});

test("an external id is compared letter by letter", async () => {
  const strasse = await store("Straße");
  const composed = await store("Jos\u00e9");
  expect(await idsOf("Straße", "Strasse", "STRASSE", "straße", "Straße ")).toEqual([
    strasse,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(await idsOf("Jos\u00e9", "Jose\u0301")).toEqual([composed, undefined]);
});

test("an id counts before an external id, which the service lets nobody have", async () => {
  const ada = await store(null);
  const thief = await store(ada);
  expect(await idsOf(ada)).toEqual([ada]);
  expect(thief).not.toBe(ada);
});

test("an external id that looks like an id in capital letters is found as it is", async () => {
  const name = randomUUID().toUpperCase();
  const ada = await store(name);
  expect(await idsOf(name, name.toLowerCase())).toEqual([ada, undefined]);
});

test("of many users only those are read that are asked for", async () => {
  await pool.query(
    `insert into users (id, email, email_key, display_name, role, external_id)
     select gen_random_uuid(), n, n, 'A', 'USER', 'many-' || n from generate_series(1, 20000) as n`,
  );
  await pool.query("analyze users");
  const client = await pool.connect();
  try {
    // The statement that the service prepares, planned for any subjects.
    await client.query("set plan_cache_mode = force_generic_plan");
    const runner = { connect: async () => client } as unknown as Pool;
    client.release = () => undefined;
    await findSubjects(runner, ["many-1"]);
    const { rows } = await client.query<{ "QUERY PLAN": string }>(
      `explain execute "find-subjects" ('{many-1,many-2}', '{null,null}')`,
    );
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).not.toContain("Seq Scan");
  } finally {
    client.release(true);
  }
});
