import pg, { type QueryResultRow } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exceptionsMeeting, type Selection } from "../../services/availability/storage/exceptions.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

const HOSTS = 200;
const INTERVALS = 500;
const START = Date.UTC(2030, 0, 1);

interface PlanNode {
  readonly "Node Type": string;
  readonly "Actual Rows": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

let database: TestDatabase;
let client: pg.Client;
let hostId: string;

beforeAll(async () => {
  database = await createDatabase("availability");
  client = new pg.Client(database.url);
  await client.connect();
  // Only the index is on trial here, and GiST takes its time with 100,000 rows.
  await client.query(`
    alter table openings drop constraint openings_never_touching;
    insert into users (id, email, email_key, display_name, role)
      select gen_random_uuid(), host || '@example.org', host || '@example.org', 'Host', 'HOST'
      from generate_series(1, ${HOSTS}) as host;
    insert into calendars select id, 30 from users;
    insert into openings (host_id, during, slot_duration_minutes)
      select users.id, tstzrange(start, start + '1 hour'), 30
      from users, generate_series(0, ${INTERVALS - 1}) as day,
        lateral (select '2030-01-01 09:00+00'::timestamptz + day * '1 day'::interval) as days (start);
    analyze`);
  const { rows } = await client.query<{ id: string }>("select id from users limit 1");
  hostId = rows[0]!.id;
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

test.each([
  ["custom", "a window in the middle", undefined, 11],
  ["generic", "a window in the middle", undefined, 11],
  ["custom", "a page", 3, 3],
  ["generic", "a page", 3, 3],
])("with a %s plan, the intervals of %s are read and no others", async (mode, _what, limit, rows) => {
  const window = { start: START + 250 * DAY_MS + 9.5 * HOUR_MS, end: START + 260 * DAY_MS + 10 * HOUR_MS };
  const plan = await planOf({ hostId, window, limit }, mode);
  const nodes = flatten(plan);
  expect(plan["Actual Rows"]).toBe(rows);
  expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
  const read = nodes
    .filter((node) => node["Node Type"].includes("Scan") && node.Plans === undefined)
    .map((node) => node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0));
  expect(Math.max(...read)).toBeLessThanOrEqual(rows + 1);
});

/** Explains the query that the service itself would run. */
async function planOf(selection: Selection, mode: string): Promise<PlanNode> {
  await client.query(`set plan_cache_mode = force_${mode}_plan`);
  let plan: PlanNode | undefined;
  await exceptionsMeeting(
    async <Row extends QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> => {
      await client.query(`prepare explained as ${query.text}`);
      const values = (query.values ?? []).map((value) => (value === null ? "null" : `'${String(value)}'`));
      const explained = await client.query<{ "QUERY PLAN": { Plan: PlanNode }[] }>(
        `explain (analyze, format json) execute explained (${values.join(", ")})`,
      );
      await client.query("deallocate explained");
      plan = explained.rows[0]?.["QUERY PLAN"][0]?.Plan;
      return [];
    },
    "openings",
    selection,
  );
  if (plan === undefined) throw new Error("the query was not explained");
  return plan;
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)];
}
