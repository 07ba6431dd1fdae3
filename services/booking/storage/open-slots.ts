/** What stands against listing a slot: the taken seats of a stretch of time, with the generation and the clock beside them. */

import type { Pool } from "pg";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import { generationIn } from "./hosts.ts";
import { isActiveIn } from "./users.ts";
import type { Taken } from "../domain/seats.ts";
import { overdue } from "./rows.ts";

export interface BookedTime {
  readonly generation: number;
  readonly now: Instant;
  /** Whether the host takes bookings at all. */
  readonly isActive: boolean;
  /**
   * The occupied time of active bookings, by start. Bookings in one seat that follow one another are one: of a host that is
   * booked out there is little to tell.
   */
  readonly taken: readonly Taken[];
}

/**
 * `millis` of what is stored in whole milliseconds, in float8 all the way: numeric arithmetic on a page's 400 instants
 * is a quarter of the query's time. The driver reads arrays letter by letter, so they come as JSON.
 */
function wholeMillis(expression: string): string {
  return `round(date_part('epoch', ${expression}) * 1000)`;
}

interface Row {
  readonly generation: number;
  readonly now: number;
  readonly is_active: boolean;
  readonly seats: readonly number[] | null;
  readonly starts: readonly number[] | null;
  readonly ends: readonly number[] | null;
}

/** One statement, so that generation, clock, state and bookings are of one moment. */
export async function readBookedTime(
  pool: Pool,
  hostId: string,
  stretch: Interval,
  caller: Reader,
): Promise<BookedTime> {
  const [row] = await read<Row>(
    pool,
    {
      name: "read-booked-time",
      text: `select ${generationIn("$1")} as generation, ${isActiveIn("$1")} as is_active,
                    ${millis("date_trunc('milliseconds', statement_timestamp())")} as now,
                    to_json(array_agg(seat order by taken)) as seats,
                    to_json(array_agg(${wholeMillis("lower(taken)")} order by taken)) as starts,
                    to_json(array_agg(${wholeMillis("upper(taken)")} order by taken)) as ends
             from (
               select b.seat, unnest(range_agg(b.occupied)) as taken
               from bookings b
               where b.host_id = $1 and b.occupied && ${rangeFromMillis("$2::float8", "$3::float8")}
                 and b.state in ('HELD', 'CONFIRMED') and not ${overdue}
               group by b.seat
             ) as seats`,
      values: [hostId, stretch.start, stretch.end],
    },
    caller,
  );
  if (row === undefined) throw new Error("an aggregate without a group has exactly one row");
  const { seats, starts, ends } = row;
  const taken = (seats ?? []).map((seat, index) => ({ seat, start: starts?.[index] ?? 0, end: ends?.[index] ?? 0 }));
  return { generation: row.generation, now: row.now, isActive: row.is_active, taken };
}
