/** A host's intervals as short text, to see at a glance what is stored. */

import type { Pool } from "pg";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { millis } from "../../shared/postgres/range.ts";
import { tomorrow } from "./people.ts";

/** Tomorrow's hours, such as `hours(10, 13.5)`. */
export function hours(start: number, end: number): Interval {
  return { start: tomorrow(start), end: tomorrow(end) };
}

/** The intervals in hours of tomorrow, such as `"10-13 14-15.5"`. */
export function inHours(intervals: readonly Interval[]): string {
  const hour = (instant: number): number => (instant - tomorrow(0)) / HOUR_MS;
  return intervals.map(({ start, end }) => `${hour(start)}-${hour(end)}`).join(" ");
}

/** What is stored of a host, read around the service. */
export async function storedIntervals(pool: Pick<Pool, "query">, hostId: string): Promise<Interval[]> {
  const { rows } = await pool.query<Interval>(
    `select ${millis("lower(during)")} as start, ${millis("upper(during)")} as end
     from availability where host_id = $1 order by lower(during)`,
    [hostId],
  );
  return rows.map(({ start, end }) => ({ start, end }));
}
