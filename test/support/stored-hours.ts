/** What hosts have said about their time, stored around the service. */

import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import type { Intent } from "../../services/availability/domain/open-time.ts";
import type { Period } from "../../services/availability/domain/weekly-hours.ts";
import type { Interval } from "../../shared/interval.ts";
import { rangeFromMillis } from "../../shared/postgres/range.ts";
import { storeOpenings } from "./hosts-time.ts";

type Database = Pick<Pool, "query">;

/** Makes a host, with a calendar of 30 minutes, of which all this is known. Returns its id. */
export async function storeHost(database: Database, { periods, openings, closures }: Intent): Promise<string> {
  const hostId = randomUUID();
  await database.query(
    "insert into users (id, email, display_name, role) values ($1, $2, 'Somebody', 'HOST')",
    [hostId, `${hostId}@example.com`],
  );
  await storeOpenings(database, hostId, openings);
  await storeClosures(database, hostId, closures);
  for (const period of periods) await storePeriod(database, hostId, period);
  return hostId;
}

export async function storePeriod(database: Database, hostId: string, period: Period): Promise<void> {
  const { fromDate, timeZone, ranges } = period;
  await database.query("insert into weekly_hours (host_id, from_date, time_zone) values ($1, $2, $3)", [
    hostId,
    fromDate,
    timeZone,
  ]);
  await database.query(
    `insert into weekly_ranges (host_id, from_date, day, minutes)
     select $1, $2, day, int4range(first, last) from unnest($3::int[], $4::int[], $5::int[]) as ranges (day, first, last)`,
    [hostId, fromDate, ranges.map(({ day }) => day), ranges.map(({ start }) => start), ranges.map(({ end }) => end)],
  );
}

export async function storeClosures(
  database: Database,
  hostId: string,
  closures: readonly Interval[],
): Promise<void> {
  await database.query(
    `insert into closures (host_id, during)
     select $1, ${rangeFromMillis("start_ms", "end_ms")}
     from unnest($2::float8[], $3::float8[]) as stored (start_ms, end_ms)`,
    [hostId, closures.map(({ start }) => start), closures.map(({ end }) => end)],
  );
}
