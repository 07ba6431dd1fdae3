/**
 * Weekly hours read minute by minute: what a clock in the zone shows at each minute of a span, by `Intl.DateTimeFormat`. Slow,
 * another way round (from instants to local times) and without Temporal, it is the second opinion on derived open time.
 */

import type { Instant, Interval } from "../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import type { Intent } from "../../services/availability/domain/open-time.ts";
import type { LocalRange, Period } from "../../services/availability/domain/weekly-hours.ts";

const DAY_MINUTES = 1440;

/** One flag for each minute, 1 or 0. */
type Flags = Uint8Array;

/** What a clock shows in a span. Local times are minutes, counted from 1970-01-01T00:00 of the same clock. */
export interface LocalMinutes {
  readonly span: Interval;
  /** At each minute of the span. */
  readonly shown: readonly number[];
  /** The first minute of the span at which the clock shows a time. */
  readonly firstAt: ReadonlyMap<number, number>;
  /** The dates that occur, each a day's number. */
  readonly days: ReadonlySet<number>;
}

export function localMinutes(timeZone: string, span: Interval): LocalMinutes {
  const clock = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "gregory",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const shown = Array.from({ length: lengthOf(span) }, (_, minute) => {
    const [month = 0, day, year = 0, hour, at] = clock
      .format(span.start + minute * MINUTE_MS)
      .split(/\D+/)
      .map(Number);
    return Date.UTC(year, month - 1, day, hour, at) / MINUTE_MS;
  });
  const firstAt = new Map(shown.map((local, minute) => [local, minute] as const).toReversed());
  return { span, shown, firstAt, days: new Set(shown.map((local) => Math.floor(local / DAY_MINUTES))) };
}

/**
 * Open time in the window, which lies at least two days within the span. `minutesOf` gives the clock of a zone.
 * Everything is in whole minutes.
 */
export function openMinutes(
  intent: Intent,
  window: Interval,
  span: Interval,
  minutesOf: (timeZone: string) => LocalMinutes,
): Interval[] {
  const told = intent.periods.map((period) => {
    const local = minutesOf(period.timeZone);
    return { start: startIn(local, period), open: openIn(local, period.ranges) };
  });
  const flagged = (intervals: readonly Interval[]): Flags =>
    flags(
      lengthOf(span),
      intervals.map(({ start, end }) => ({ start: minuteIn(span, start), end: minuteIn(span, end) })),
    );
  const [opened, closed, asked] = [flagged(intent.openings), flagged(intent.closures), flagged([window])];
  const open = asked.map((isAsked, minute) => {
    const isByHours = told.findLast(({ start }) => start <= minute)?.open[minute] === 1;
    return isAsked === 1 && (opened[minute] === 1 || (isByHours && closed[minute] === 0)) ? 1 : 0;
  });
  return runs(open).map(({ start, end }) => ({
    start: span.start + start * MINUTE_MS,
    end: span.start + end * MINUTE_MS,
  }));
}

/** The first minute at which the period's date has come. */
function startIn({ shown }: LocalMinutes, { fromDate }: Period): number {
  const date = Date.parse(`${fromDate}T00:00Z`) / MINUTE_MS;
  const start = shown.findIndex((local) => local >= date);
  return start < 0 ? Infinity : start;
}

function openIn(local: LocalMinutes, ranges: readonly LocalRange[]): Flags {
  const week = Map.groupBy(ranges, ({ day }) => day);
  const open = [];
  for (const day of local.days) {
    const weekday = new Date(day * DAY_MS).getUTCDay() || 7;
    for (const range of week.get(weekday) ?? []) {
      const start = read(local, day * DAY_MINUTES + range.start);
      const end = read(local, day * DAY_MINUTES + range.end);
      if (start !== undefined && end !== undefined && start < end) open.push({ start, end });
    }
  }
  return flags(local.shown.length, open);
}

/**
 * The first minute that shows a local time. One that is never shown is as long after the last that is shown before it as
 * if clocks had not been moved. Unset: outside the span.
 */
function read({ shown, firstAt }: LocalMinutes, local: number): number | undefined {
  if (local < (shown[0] ?? 0) || local > (shown.at(-1) ?? 0)) return undefined;
  for (let back = 0; ; back += 1) {
    const minute = firstAt.get(local - back);
    if (minute !== undefined) return minute + back;
  }
}

function flags(length: number, set: readonly Pick<Interval, "start" | "end">[]): Flags {
  const all = new Uint8Array(length);
  for (const { start, end } of set) all.fill(1, start, end);
  return all;
}

/** The pieces of what is flagged. */
function runs(all: Flags): Interval[] {
  const pieces: Interval[] = [];
  for (let start = all.indexOf(1); start >= 0;) {
    const end = all.indexOf(0, start);
    pieces.push({ start, end: end < 0 ? all.length : end });
    start = end < 0 ? end : all.indexOf(1, end);
  }
  return pieces;
}

function lengthOf(span: Interval): number {
  return minuteIn(span, span.end);
}

function minuteIn(span: Interval, instant: Instant): number {
  return (instant - span.start) / MINUTE_MS;
}
