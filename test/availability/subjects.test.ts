/** Which user a subject names, in Availability's own database. */

import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSubjects } from "../../services/availability/storage/subjects.ts";
import { explainAll, plansOn, rowsRead } from "../support/plans.ts";
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
    "insert into users (id, email, email_key, display_name, role, external_id) values ($1, $2, $2, 'A', $3, $4)",
    [id, id, role, externalId],
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
  const composed = await store("Jos\u00E9");
  expect(await idsOf("Straße", "Strasse", "STRASSE", "straße", "Straße ")).toEqual([
    strasse,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(await idsOf("Jos\u00E9", "Jose\u0301")).toEqual([composed, undefined]);
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
  await explainAll(database.url);
  const explained = poolOf(database.url);
  const plans = plansOn(explained);
  // More than five times: then PostgreSQL plans once for all that will ever be asked.
  for (let n = 0; n < 8; n += 1) await findSubjects(explained, [`many-${n}`, randomUUID()]);
  await explained.end();
  const looks = plans.filter(({ query }) => query.includes("asked(subject"));
  expect(looks).toHaveLength(8);
  for (const { nodes } of looks) {
    expect(nodes.filter((node) => node["Relation Name"] === "users" && rowsRead(node) > 2)).toEqual([]);
  }
});
