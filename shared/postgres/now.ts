import type { Pool, QueryConfig, QueryResultRow } from "pg";
import type { Instant } from "../interval.ts";
import { millis } from "./range.ts";
import { read, type Reader } from "./read.ts";

const query = { name: "now", text: `select floor(${millis("clock_timestamp()")}) as now` };

/** What time it is, by the one clock that all replicas of a service share: the database's. Whole milliseconds. */
export async function databaseNow(pool: Pool, caller: Reader): Promise<Instant> {
  return await readNow((asked) => read(pool, asked, caller));
}

/** The same on a connection of the caller's. */
export async function readNow(
  run: <Row extends QueryResultRow>(query: QueryConfig) => Promise<Row[]>,
): Promise<Instant> {
  const [row] = await run<{ now: number }>(query);
  if (row === undefined) throw new Error("the database did not say what time it is");
  return row.now;
}
