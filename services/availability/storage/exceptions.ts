/** Hosts' openings and closures, in plain SQL. */

import { interval, type Interval } from "../../../shared/interval.ts";
import { fromMillis, millis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import type { Intent } from "../domain/open-time.ts";
import type { Host, Run } from "./hosts.ts";

/** Their tables. */
export type ExceptionKind = "openings" | "closures";

export interface Selection {
  readonly hostId: string;
  /** Exceptions that share an instant with it. */
  readonly window: Interval;
  /** The most that are read; undefined: all. */
  readonly limit?: number | undefined;
  /** Only those that are so long. */
  readonly shortestMs?: number;
}

/**
 * A host's exceptions of one kind that meet a window, whole, by start.
 *
 * Those of a host never overlap, so of all that start before the window only the last can reach into it. The query says so,
 * and therefore reads what it returns and one row more, however long the host's history is; `during && window` would leave
 * that to the planner's guess.
 */
export async function exceptionsMeeting(run: Run, kind: ExceptionKind, selection: Selection): Promise<Interval[]> {
  const { hostId, window, limit, shortestMs = 0 } = selection;
  // Said only where it is meant: a condition that is always true leads the planner to expect fewer rows.
  const [name, isLong] =
    shortestMs > 0
      ? ["long", "and upper(during) - lower(during) >= $5::float8 * '1 millisecond'::interval"]
      : ["all", ""];
  const rows = await run<{ start: number; end: number }>({
    name: `${name}-${kind}-meeting`,
    text: `
      select ${millis("lower(during)")} as start, ${millis("upper(during)")} as end
      from (
        select * from (
          select during from ${kind}
          where host_id = $1 and lower(during) <= ${fromMillis("$2::float8")}
          order by lower(during) desc
          limit 1
        ) as last_before
        where upper(during) > ${fromMillis("$2::float8")} ${isLong}
        union all
        (
          select during from ${kind}
          where host_id = $1
            and lower(during) > ${fromMillis("$2::float8")}
            and lower(during) < ${fromMillis("$3::float8")}
            ${isLong}
          order by lower(during)
          limit $4
        )
      ) as met
      order by lower(during)
      limit $4`,
    values: [hostId, window.start, window.end, limit ?? null, ...(shortestMs > 0 ? [shortestMs] : [])],
  });
  return rows.map(({ start, end }) => interval(start, end));
}

/** What is known of a host's open time, with all exceptions that overlap or touch a range. */
export async function intentAround(run: Run, host: Host, { start, end }: Interval): Promise<Intent> {
  // Instants are whole milliseconds: what touches a range overlaps one that is a millisecond longer at both ends.
  const selection = { hostId: host.id, window: interval(start - 1, end + 1) };
  return {
    periods: host.periods,
    openings: await exceptionsMeeting(run, "openings", selection),
    closures: await closuresMeeting(run, host, selection),
  };
}

/** As `exceptionsMeeting`. Without weekly hours there is nothing to close. */
export async function closuresMeeting(run: Run, host: Host, selection: Selection): Promise<Interval[]> {
  return host.periods.length === 0 ? [] : await exceptionsMeeting(run, "closures", selection);
}

export interface Exception extends Interval {
  readonly kind: ExceptionKind;
}

/**
 * A host's exceptions that meet a window, by start, the closure first of two that start together: those that come after
 * `seen`, which is the last of a page.
 */
export async function exceptionsAfter(
  run: Run,
  host: Host,
  window: Interval,
  seen: { readonly start: number; readonly isClosure: boolean },
  limit: number,
): Promise<Exception[]> {
  // One more of each kind: the one that was seen last, or began before it, is read again.
  const rest = { start: Math.max(window.start, seen.start), end: window.end };
  const selection = { hostId: host.id, window: rest, limit: limit + 1 };
  const closures = await closuresMeeting(run, host, selection);
  const openings = await exceptionsMeeting(run, "openings", selection);
  return [
    ...closures.map((each) => ({ ...each, kind: "closures" as const })).filter(({ start }) => start > seen.start),
    ...openings
      .map((each) => ({ ...each, kind: "openings" as const }))
      .filter(({ start }) => start > seen.start || (start === seen.start && seen.isClosure)),
  ]
    .toSorted((a, b) => a.start - b.start)
    .slice(0, limit);
}

export async function hasOpenings(run: Run, hostId: string): Promise<boolean> {
  const rows = await run({
    name: "has-openings",
    text: "select 1 from openings where host_id = $1 limit 1",
    values: [hostId],
  });
  return rows.length > 0;
}

/**
 * Deletes stored exceptions and inserts others in their place. The caller holds the host's lock (`changeHost`): without it two
 * of these could both replace what only one of them has read.
 */
export async function replaceExceptions(
  run: Run,
  kind: ExceptionKind,
  hostId: string,
  { gone, written }: { readonly gone: readonly Interval[]; readonly written: readonly Interval[] },
): Promise<void> {
  // Release before taking: the constraints are checked row by row, and a merged interval overlaps what it replaces.
  if (gone.length > 0) {
    await run({
      name: `delete-${kind}`,
      text: `
        delete from ${kind}
        using unnest($2::float8[]) as gone (start_ms)
        where host_id = $1 and lower(during) = ${fromMillis("gone.start_ms")}`,
      values: [hostId, gone.map(({ start }) => start)],
    });
  }
  if (written.length > 0) {
    const [column, value] =
      kind === "openings"
        ? [", slot_duration_minutes", ", (select slot_duration_minutes from calendars where host_id = $1)"]
        : ["", ""];
    await run({
      name: `insert-${kind}`,
      text: `
        insert into ${kind} (host_id, during${column})
        select $1, ${rangeFromMillis("written.start_ms", "written.end_ms")}${value}
        from unnest($2::float8[], $3::float8[]) as written (start_ms, end_ms)`,
      values: [hostId, written.map(({ start }) => start), written.map(({ end }) => end)],
    });
  }
}
