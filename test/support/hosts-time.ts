/** A host's intervals as short text, to see at a glance what is stored. */

import type { Pool } from "pg";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { millis, rangeFromMillis } from "../../shared/postgres/range.ts";
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

/** Makes openings of a host around the service. They must fit to what is there. */
export async function storeOpenings(
  pool: Pick<Pool, "query">,
  hostId: string,
  openings: readonly Interval[],
  slotDurationMinutes = 30,
): Promise<void> {
  await pool.query(
    `with calendar as (
       insert into calendars (host_id, slot_duration_minutes) values ($1, $2)
       on conflict (host_id) do update set slot_duration_minutes = excluded.slot_duration_minutes
     )
     insert into openings (host_id, slot_duration_minutes, during)
     select $1, $2, ${rangeFromMillis("start_ms", "end_ms")}
     from unnest($3::float8[], $4::float8[]) as stored (start_ms, end_ms)`,
    [hostId, slotDurationMinutes, openings.map(({ start }) => start), openings.map(({ end }) => end)],
  );
}

/** So many pieces of a length, one after another. */
export function pieces(start: number, count: number, everyMs: number, lengthMs: number): Interval[] {
  return Array.from({ length: count }, (_, index) => {
    const from = start + index * everyMs;
    return { start: from, end: from + lengthMs };
  });
}

/** A host's openings, read around the service. */
export async function storedIntervals(pool: Pick<Pool, "query">, hostId: string): Promise<Interval[]> {
  const { rows } = await pool.query<Interval>(
    `select ${millis("lower(during)")} as start, ${millis("upper(during)")} as end
     from openings where host_id = $1 order by lower(during)`,
    [hostId],
  );
  return rows.map(({ start, end }) => ({ start, end }));
}
