import type { Pool } from "pg";
import type { Instant } from "../interval.ts";
import { millis } from "./range.ts";
import { read } from "./read.ts";

/** What time it is, by the one clock that all replicas of a service share: the database's. Whole milliseconds. */
export async function databaseNow(pool: Pool, signal: AbortSignal): Promise<Instant> {
  const query = { name: "now", text: `select floor(${millis("clock_timestamp()")}) as now` };
  const [row] = await read<{ now: number }>(pool, query, signal);
  if (row === undefined) throw new Error("the database did not say what time it is");
  return row.now;
}
