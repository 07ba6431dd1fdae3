/** What is stored of a host beside its exceptions: its role, its rules and its weekly hours. */

import type { ClientBase, Pool, QueryConfig, QueryResultRow } from "pg";
import { Refusal } from "../../../shared/errors.ts";
import { queryOn } from "../../../shared/postgres/held-for.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import { NO_RULES, type Rules } from "../domain/rules.ts";
import type { Period } from "../domain/weekly-hours.ts";

/** How a query is run: on the connection of a transaction, or on one from the pool. */
export type Run = <Row extends QueryResultRow>(query: QueryConfig) => Promise<Row[]>;

/** Runs queries on the connection of a transaction. */
export function runOn(client: ClientBase): Run {
  return async <Row extends QueryResultRow>(query: QueryConfig) => (await queryOn<Row>(client, query)).rows;
}

/** Runs queries on a connection from the pool, each for as long as its caller waits. */
export function readingWith(pool: Pool, caller: Reader): Run {
  return <Row extends QueryResultRow>(query: QueryConfig) => read<Row>(pool, query, caller);
}

export interface Host {
  readonly id: string;
  readonly rules: Rules;
  /** Counts how often the rules were updated. */
  readonly rulesVersion: number;
  /** Counts how often the weekly hours were set. */
  readonly hoursVersion: number;
  /** The weekly hours, by date. */
  readonly periods: readonly Period[];
}

/** All but the role null where the host has neither rules nor hours nor open time. */
interface HostRow {
  readonly role: string;
  readonly slot_duration_minutes: number | null;
  readonly minimum_notice_minutes: number | null;
  readonly horizon_days: number | null;
  readonly buffer_before_minutes: number | null;
  readonly buffer_after_minutes: number | null;
  readonly seats: number | null;
  readonly rules_version: number | null;
  readonly hours_version: number | null;
  readonly periods:
    | readonly {
        readonly from_date: string;
        readonly time_zone: string;
        readonly ranges: readonly (readonly [day: number, start: number, end: number])[] | null;
      }[]
    | null;
}

/**
 * A user who is a host. Throws Refusal USER_NOT_FOUND or NOT_A_HOST if there is none: roles never change, so a refusal lasts. A
 * host who is erased is nobody any more.
 */
export async function findHost(run: Run, hostId: string): Promise<Host> {
  const [row] = await run<HostRow>({
    name: "find-host",
    text: `
      select users.role, slot_duration_minutes, minimum_notice_minutes, horizon_days, buffer_before_minutes,
             buffer_after_minutes, seats, rules_version, hours_version, (
        select json_agg(json_build_object('from_date', hours.from_date, 'time_zone', hours.time_zone, 'ranges', (
          select json_agg(json_build_array(day, lower(minutes), upper(minutes)) order by day, lower(minutes))
          from weekly_ranges ranges where ranges.host_id = hours.host_id and ranges.from_date = hours.from_date
        )) order by hours.from_date)
        from weekly_hours hours where hours.host_id = users.id
      ) as periods
      from users left join calendars on calendars.host_id = users.id
      where users.id = $1 and users.state <> 'ERASED'`,
    values: [hostId],
  });
  if (row === undefined) throw userNotFound(hostId);
  if (row.role !== "HOST") {
    throw new Refusal("NOT_A_HOST", "the user is not a host, so it has no availability", {
      resource: { type: "User", name: hostId },
    });
  }
  return {
    id: hostId,
    rules: rulesFrom(row),
    rulesVersion: row.rules_version ?? 0,
    hoursVersion: row.hours_version ?? 0,
    periods: (row.periods ?? []).map((period) => ({
      fromDate: period.from_date,
      timeZone: period.time_zone,
      ranges: (period.ranges ?? []).map(([day, start, end]) => ({ day, start, end })),
    })),
  };
}

function rulesFrom(row: HostRow): Rules {
  return {
    // 0: none was ever set.
    slotDurationMinutes: row.slot_duration_minutes === 0 ? undefined : (row.slot_duration_minutes ?? undefined),
    minimumNoticeMinutes: row.minimum_notice_minutes ?? NO_RULES.minimumNoticeMinutes,
    horizonDays: row.horizon_days ?? NO_RULES.horizonDays,
    bufferBeforeMinutes: row.buffer_before_minutes ?? NO_RULES.bufferBeforeMinutes,
    bufferAfterMinutes: row.buffer_after_minutes ?? NO_RULES.bufferAfterMinutes,
    seats: row.seats ?? NO_RULES.seats,
  };
}

/** Stores a host's slot duration, which is another one than before; its openings take it over, and its rules have changed. The caller holds the host's lock (`changeHost`). */
export async function writeSlotDuration(run: Run, hostId: string, slotDurationMinutes: number): Promise<void> {
  await run({
    name: "write-slot-duration",
    text: `
      insert into calendars (host_id, slot_duration_minutes, rules_version) values ($1, $2, 1)
      on conflict (host_id) do update
      set slot_duration_minutes = excluded.slot_duration_minutes, rules_version = calendars.rules_version + 1`,
    values: [hostId, slotDurationMinutes],
  });
}

export function userNotFound(userId: string): Refusal {
  return new Refusal("USER_NOT_FOUND", "no user has this id", { resource: { type: "User", name: userId } });
}
