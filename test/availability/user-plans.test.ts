/** No statement about users reads more of them than it is about, on 40,000 of whom few are active and few are to be told. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { insertUser, changeUser, markTold } from "../../services/availability/storage/change-user.ts";
import { availabilityMigrations } from "../../services/availability/storage/migrations/all.ts";
import { availabilityTables } from "../../services/availability/storage/tables.ts";
import { findUser, findUserNamed, findUsers, findUsersToTell } from "../../services/availability/storage/users.ts";
import { type Database, openDatabase } from "../../shared/postgres/database.ts";
import { explainAll, type Plan, plansOn, rowsRead } from "../support/plans.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { onServer } from "../support/server.ts";

const USERS = 40_000;
/** One in so many hosts is active. */
const ACTIVE_EVERY = 500;
/** One in so many users is a guest. */
const GUEST_EVERY = 100;
const PAGE = 51;

let created: TestDatabase;
let database: Database;
let plans: Plan[];
const { signal } = new AbortController();

beforeAll(async () => {
  created = await createDatabase("availability");
  await onServer(created.url, (client) =>
    client.query(`
      insert into users (id, role, state, email, email_key, display_name, external_id, version)
        select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, case when n % ${GUEST_EVERY} = 1 then 'USER' else 'HOST' end,
          case when n % ${ACTIVE_EVERY} = 0 then 'ACTIVE' else 'DEACTIVATED' end,
          n || '@example.org', n || '@example.org', 'Somebody', 'sub-' || n, case when n % 10000 = 0 then 2 else 1 end
        from generate_series(1, ${USERS}) as n;
      analyze`),
  );
  await explainAll(created.url);
  const mapped = { entities: availabilityTables, migrations: availabilityMigrations };
  database = await openDatabase({ url: created.url, poolSize: 2, applicationName: "plans", ...mapped });
  plans = plansOn(database.pool);
});
afterAll(async () => {
  await database.close();
  await created.drop();
});

const id = "00000000-0000-7000-8000-000000020000";

test.each<[string, number, (reader: Database) => Promise<unknown>]>([
  ["one by its id", 1, (reader) => findUser(reader, id, { signal })],
  [
    "one by its address",
    1,
    (reader) => findUserNamed(reader, { email: "7@example.org", externalId: undefined }, { signal }),
  ],
  [
    "one by its external id",
    1,
    (reader) => findUserNamed(reader, { email: undefined, externalId: "sub-7" }, { signal }),
  ],
  ["a page of all", PAGE, (reader) => findUsers(reader, { which: undefined, afterId: id, limit: PAGE }, { signal })],
  ["a page of guests", PAGE, (reader) => findUsers(reader, { which: "USER", afterId: id, limit: PAGE }, { signal })],
  [
    "a page of active hosts",
    PAGE,
    (reader) => findUsers(reader, { which: "active hosts", afterId: undefined, limit: PAGE }, { signal }),
  ],
  ["those to be told", 4, (reader) => findUsersToTell(reader, { afterId: undefined, limit: PAGE }, { signal })],
  ["one that changes", 2, (reader) => changeUser(reader, id, ({ profile }) => ({ state: "ACTIVE", profile }))],
  ["one that was told", 1, (reader) => markTold(reader, { id, version: 2 })],
  [
    "one that is made with a UUID as its external id",
    1,
    (reader) => insertUser(reader, "USER", { email: "new@example.org", displayName: "New", externalId: randomUUID() }),
  ],
])("of %s, no others are read", async (_what, rows, run) => {
  plans.length = 0;
  await run(database);
  const nodes = plans.flatMap((plan) => plan.nodes).filter((node) => node["Relation Name"] === "users");
  expect(plans.length).toBeGreaterThan(0);
  expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
  expect(Math.max(0, ...nodes.map(rowsRead))).toBeLessThanOrEqual(rows);
});
