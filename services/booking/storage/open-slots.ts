/** What stands in the way of slots. */

import type { Pool } from "pg";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import { read } from "../../../shared/postgres/read.ts";
import { overdue } from "./rows.ts";

/** A host, and the time of it that is asked about. */
export interface Stretch {
  readonly hostId: string;
  readonly during: Interval;
}

export interface BookedTime {
  readonly generation: number;
  readonly now: Instant;
  /** The intervals of active bookings, by start. */
  readonly active: readonly Interval[];
}

interface BookedTimeRow {
  readonly generation: number;
  readonly now: number;
  readonly starts: number[] | null;
  readonly ends: number[] | null;
}

/**
 * `millis` of what is stored in whole milliseconds, in float8 all the way: numeric arithmetic on a page's 400 instants
 * is a quarter of the query's time. The driver reads arrays letter by letter, so they come as JSON.
 */
function wholeMillis(expression: string): string {
  return `round(date_part('epoch', ${expression}) * 1000)`;
}

/** The booked time of each stretch, in their order. One statement, so that generation, clock and bookings are of one moment. */
export async function readBookedTimes(pool: Pool, stretches: readonly Stretch[]): Promise<BookedTime[]> {
  const rows = await read<BookedTimeRow>(pool, {
    name: "read-booked-times",
    text: `select coalesce((select generation from host_fences f where f.host_id = asked.host_id), 0)::float8 as generation,
                  ${millis("date_trunc('milliseconds', statement_timestamp())")} as now,
                  booked.starts, booked.ends
           from unnest($1::uuid[], $2::float8[], $3::float8[]) with ordinality as asked(host_id, start_ms, end_ms, place)
           cross join lateral (
             select to_json(array_agg(${wholeMillis("lower(b.during)")} order by b.during)) as starts,
                    to_json(array_agg(${wholeMillis("upper(b.during)")} order by b.during)) as ends
             from bookings b
             where b.host_id = asked.host_id and b.during && ${rangeFromMillis("asked.start_ms", "asked.end_ms")}
               and b.state in ('HELD', 'CONFIRMED') and not ${overdue}
           ) booked
           order by asked.place`,
    values: [
      stretches.map(({ hostId }) => hostId),
      stretches.map(({ during }) => during.start),
      stretches.map(({ during }) => during.end),
    ],
  });
  return rows.map(({ generation, now, starts, ends }) => ({
    generation,
    now,
    active: (starts ?? []).map((start, index) => ({ start, end: ends?.[index] ?? start })),
  }));
}
