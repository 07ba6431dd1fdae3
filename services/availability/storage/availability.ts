/** Hosts' intervals, in plain SQL. */

import { randomUUIDv7 } from "node:crypto";
import type { ClientBase } from "pg";
import { interval, type Interval } from "../../../shared/interval.ts";
import { fromMillis, millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import type { Availability } from "../domain/availability.ts";
import type { Run } from "./hosts.ts";

export interface Selection {
  readonly hostId: string;
  /** Intervals that share an instant with it. */
  readonly window: Interval;
  /** The most that are read; undefined: all. */
  readonly limit?: number | undefined;
  /** Only those that hold a slot. */
  readonly bookable?: boolean;
}

/** Whether an interval is as long as a slot. */
const holdsSlot = "upper(during) - lower(during) >= slot_duration_minutes * interval '1 minute'";

/**
 * A host's intervals that meet a window, whole, by start.
 *
 * Intervals of a host never overlap, so of all that start before the window only the last can reach into it. The query
 * says so, and therefore reads what it returns and one row more, however long the host's history is; `during && window`
 * would leave that to the planner's guess.
 */
export async function intervalsMeeting(run: Run, selection: Selection): Promise<Availability[]> {
  const { hostId, window, limit, bookable = false } = selection;
  const rows = await run<{ id: string; start: number; end: number; slot_duration_minutes: number }>({
    name: "intervals-meeting",
    text: `
      select id, ${millis("lower(during)")} as start, ${millis("upper(during)")} as end, slot_duration_minutes
      from (
        select * from (
          select id, during, slot_duration_minutes from availability
          where host_id = $1 and lower(during) <= ${fromMillis("$2::float8")}
          order by lower(during) desc
          limit 1
        ) as last_before
        where upper(during) > ${fromMillis("$2::float8")} and (${holdsSlot} or not $5)
        union all
        (
          select id, during, slot_duration_minutes from availability
          where host_id = $1
            and lower(during) > ${fromMillis("$2::float8")}
            and lower(during) < ${fromMillis("$3::float8")}
            and (${holdsSlot} or not $5)
          order by lower(during)
          limit $4
        )
      ) as met
      order by lower(during)
      limit $4`,
    values: [hostId, window.start, window.end, limit ?? null, bookable],
  });
  return rows.map((row) => ({
    id: row.id,
    hostId,
    ...interval(row.start, row.end),
    slotDurationMinutes: row.slot_duration_minutes,
  }));
}

/** A host's intervals that overlap or touch a range. */
export async function intervalsTouching(run: Run, hostId: string, range: Interval): Promise<Availability[]> {
  // Instants are whole milliseconds: what touches a range overlaps one that is a millisecond longer at both ends.
  return await intervalsMeeting(run, { hostId, window: interval(range.start - 1, range.end + 1) });
}

/** The slot duration of all of a host's intervals, in minutes, or undefined where it has none. */
export async function slotDurationMinutesOf(run: Run, hostId: string): Promise<number | undefined> {
  const [row] = await run<{ slot_duration_minutes: number }>({
    name: "slot-duration",
    text: "select slot_duration_minutes from availability where host_id = $1 limit 1",
    values: [hostId],
  });
  return row?.slot_duration_minutes;
}

export interface Replacement {
  readonly hostId: string;
  readonly slotDurationMinutes: number;
  readonly replaced: readonly Availability[];
  readonly by: readonly Interval[];
}

/**
 * Deletes stored intervals and inserts others in their place, and returns those. The caller holds the host's lock
 * (`changeHost`): without it two of these could both replace what only one of them has read.
 */
export async function replaceIntervals(client: ClientBase, replacement: Replacement): Promise<Availability[]> {
  const { hostId, slotDurationMinutes, replaced, by } = replacement;
  // Release before taking: the constraints are checked row by row, and a merged interval overlaps what it replaces.
  if (replaced.length > 0) {
    await client.query({
      name: "delete-intervals",
      text: "delete from availability where host_id = $1 and id = any($2)",
      values: [hostId, replaced.map((each) => each.id)],
    });
  }
  const inserted = by.map((each) => ({ id: randomUUIDv7(), hostId, slotDurationMinutes, ...each }));
  if (inserted.length > 0) {
    await client.query({
      name: "insert-intervals",
      text: `
        insert into availability (id, host_id, during, slot_duration_minutes)
        select id, $1, ${rangeFromMillis('"start"', '"end"')}, $2
        from unnest($3::uuid[], $4::float8[], $5::float8[]) as inserted (id, "start", "end")`,
      values: [
        hostId,
        slotDurationMinutes,
        inserted.map((each) => each.id),
        inserted.map((each) => each.start),
        inserted.map((each) => each.end),
      ],
    });
  }
  return inserted;
}
