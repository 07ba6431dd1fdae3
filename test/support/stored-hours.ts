/** What hosts have said about their time, stored around the service. */

import { randomUUID } from "node:crypto";
import type { ClientBase, Pool } from "pg";
import type { Intent } from "../../services/availability/domain/open-time.ts";
import type { Period } from "../../services/availability/domain/weekly-hours.ts";
import { rangeFromMillis } from "../../shared/postgres/range.ts";

type Database = Pick<Pool | ClientBase, "query">;

/** Makes hosts, with slots of 30 minutes, of which this is known. Returns their ids, in the same order. */
export async function storeHosts(database: Database, intents: readonly Intent[]): Promise<string[]> {
  const hosts = intents.map((intent) => ({ id: randomUUID(), ...intent }));
  const ids = hosts.map(({ id }) => id);
  await database.query(
    `insert into users (id, email, email_key, display_name, role)
     select id, id || '@example.com', id || '@example.com', 'Somebody', 'HOST' from unnest($1::uuid[]) as id`,
    [ids],
  );
  await database.query(
    "insert into calendars (host_id, slot_duration_minutes) select id, 30 from unnest($1::uuid[]) as id",
    [ids],
  );
  await storeAll(
    database,
    "openings (host_id, during, slot_duration_minutes)",
    `host_id, ${DURING}, 30`,
    hosts.flatMap(({ id, openings }) => openings.map((each) => ({ host_id: id, ...each }))),
  );
  await storeAll(
    database,
    "closures (host_id, during)",
    `host_id, ${DURING}`,
    hosts.flatMap(({ id, closures }) => closures.map((each) => ({ host_id: id, ...each }))),
  );
  await storePeriods(
    database,
    hosts.flatMap(({ id, periods }) => periods.map((period) => ({ hostId: id, period }))),
  );
  return ids;
}

/** Stores weekly hours of hosts that have none from the same date on. */
export async function storePeriods(
  database: Database,
  stored: readonly { readonly hostId: string; readonly period: Period }[],
): Promise<void> {
  const rows = stored.map(({ hostId, period }) => ({
    host_id: hostId,
    from_date: period.fromDate,
    time_zone: period.timeZone,
    ranges: period.ranges,
  }));
  await storeAll(database, "weekly_hours (host_id, from_date, time_zone)", "host_id, from_date, time_zone", rows);
  await storeAll(
    database,
    "weekly_ranges (host_id, from_date, day, minutes)",
    'host_id, from_date, day, int4range(start::int, "end"::int)',
    rows.flatMap(({ ranges, ...period }) => ranges.map((range) => ({ ...period, ...range }))),
  );
}

const DURING = rangeFromMillis("start", '"end"');

/** Inserts rows, whose columns `values` is made of, with one statement. */
async function storeAll(database: Database, into: string, values: string, rows: readonly object[]): Promise<void> {
  await database.query(
    `insert into ${into}
     select ${values} from json_to_recordset($1) as rows (
       host_id uuid, start float8, "end" float8, from_date date, time_zone text, day smallint)`,
    [JSON.stringify(rows)],
  );
}
