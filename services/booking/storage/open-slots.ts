/** What stands against listing a slot: the bookings of a stretch of time, with the generation and the clock beside them. */

import type { Pool } from "pg";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import { read } from "../../../shared/postgres/read.ts";
import { generationIn } from "./hosts.ts";
import { overdue } from "./rows.ts";

export interface BookedTime {
  readonly generation: number;
  readonly now: Instant;
  /** The intervals of active bookings, by start. */
  readonly active: readonly Interval[];
}

/**
 * `millis` of what is stored in whole milliseconds, in float8 all the way: numeric arithmetic on a page's 400 instants
 * is a quarter of the query's time. The driver reads arrays letter by letter, so they come as JSON.
 */
function wholeMillis(expression: string): string {
  return `round(date_part('epoch', ${expression}) * 1000)`;
}

/** One statement, so that generation, clock and bookings are of one moment. */
export async function readBookedTime(
  pool: Pool,
  hostId: string,
  stretch: Interval,
  signal: AbortSignal,
): Promise<BookedTime> {
  const [row] = await read<{ generation: number; now: number; starts: number[] | null; ends: number[] | null }>(
    pool,
    {
      name: "read-booked-time",
      text: `select ${generationIn("$1")} as generation,
                    ${millis("date_trunc('milliseconds', statement_timestamp())")} as now,
                    to_json(array_agg(${wholeMillis("lower(b.during)")} order by b.during)) as starts,
                    to_json(array_agg(${wholeMillis("upper(b.during)")} order by b.during)) as ends
             from bookings b
             where b.host_id = $1 and b.during && ${rangeFromMillis("$2::float8", "$3::float8")}
               and b.state in ('HELD', 'CONFIRMED') and not ${overdue}`,
      values: [hostId, stretch.start, stretch.end],
    },
    signal,
  );
  if (row === undefined) throw new Error("an aggregate without a group has exactly one row");
  const ends = row.ends ?? [];
  const active = (row.starts ?? []).map((start, index) => ({ start, end: ends[index] ?? start }));
  return { generation: row.generation, now: row.now, active };
}
