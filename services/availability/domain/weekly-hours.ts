/** Weekly hours: ranges of local time per weekday, in force from a date on, and the time that they open. */

import { type Instant, type Interval, merge, overlaps } from "../../../shared/interval.ts";
import { FIRST_INSTANT, INSTANTS_END } from "../../../shared/limits.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { dateIn, dayOf, type LocalDay, startOfDate, zoneClock, type ZoneClock } from "./local-time.ts";

/** A part of a weekday, in minutes of its clock: 0 ≤ start < end ≤ 1440. */
export interface LocalRange {
  /** Monday is 1, Sunday 7. */
  readonly day: number;
  readonly start: number;
  readonly end: number;
}

/** The weekly hours in force from a local date on. No ranges: closed from then on. */
export interface Period {
  /** YYYY-MM-DD. */
  readonly fromDate: string;
  /** IANA. */
  readonly timeZone: string;
  /** Those of one day do not overlap; they may touch. */
  readonly ranges: readonly LocalRange[];
}

/** A part of any day, in minutes of its clock. */
type Minutes = Interval;

/** A period's ranges by weekday, Monday first: of each day by start, and merged where they touch. */
type Week = readonly (readonly Minutes[])[];

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const DAY_MINUTES = 1440;
/** 1970-01-01 was a Thursday. */
const WEEKDAY_OF_DAY_ZERO = 3;
const CONTRACT: Interval = { start: FIRST_INSTANT, end: INSTANTS_END };

/**
 * The time that weekly hours open within a window, merged, by start. The work grows with the days of the window, but for
 * hours around the clock: those are one interval.
 *
 * A period is in force from the first instant of its date in its own zone until the first instant of the next one's date
 * in that one's zone. Where zones lie so far apart that a later date begins earlier, the latest date counts that has begun.
 */
export function hoursWithin(periods: readonly Period[], window: Interval): Interval[] {
  const clipped = clip(window, CONTRACT);
  if (clipped === undefined) return [];
  const clocks = new Map<string, ZoneClock>();
  const open = inForceWithin(periods, clipped).flatMap(({ period, during }) => {
    const week = weekOf(period.ranges);
    if (isAroundTheClock(week)) return [during];
    const clock = clocks.get(period.timeZone) ?? zoneClock(period.timeZone);
    clocks.set(period.timeZone, clock);
    return openDays(week, clock, during);
  });
  return merge(open);
}

/** When a period comes into force: the first instant of its date, or, where that does not occur, of the date that follows. */
export function startOf(period: Pick<Period, "fromDate" | "timeZone">): Instant {
  return startOfDate(period.fromDate, period.timeZone);
}

/** The date of now in a zone, YYYY-MM-DD. */
export function today(timeZone: string, now: Instant): string {
  return dateIn(timeZone, now);
}

/** The part of an interval within a window, if any. */
export function clip(each: Interval, window: Interval): Interval | undefined {
  if (!overlaps(each, window)) return undefined;
  return { start: Math.max(each.start, window.start), end: Math.min(each.end, window.end) };
}

/** The periods that are in force in some part of a window, and in which, by start. */
function inForceWithin(periods: readonly Period[], window: Interval): { period: Period; during: Interval }[] {
  const inForce = [];
  let end = window.end;
  for (const period of periods.toReversed()) {
    const begun = dayOf(period.fromDate) * DAY_MS;
    // No zone is a day away from UTC: of most periods the date alone tells that they begin behind the window.
    if (begun - DAY_MS >= end) continue;
    const start = Math.max(startOf(period), window.start);
    if (start >= end) continue;
    inForce.push({ period, during: { start, end } });
    end = start;
    if (start === window.start) break;
  }
  return inForce.toReversed();
}

function weekOf(ranges: readonly LocalRange[]): Week {
  return WEEKDAYS.map((day) => merge(ranges.filter((range) => range.day === day)));
}

function isAroundTheClock(week: Week): boolean {
  return week.every(([range]) => range?.start === 0 && range.end === DAY_MINUTES);
}

/** The hours of each date, cut to `during`. */
function openDays(week: Week, clock: ZoneClock, during: Interval): Interval[] {
  const open: Interval[] = [];
  // A date of local time lies within a day around the same date in UTC.
  const last = Math.ceil(during.end / DAY_MS) + 1;
  for (let day = Math.floor(during.start / DAY_MS) - 1; day < last; day += 1) {
    const ranges = week[weekday(day)] ?? [];
    const instantOf = ranges.length === 0 ? undefined : clock(day);
    if (instantOf === undefined) continue;
    for (const range of ranges) {
      const start = Math.max(instantOf(range.start), during.start);
      const end = Math.min(instantOf(range.end), during.end);
      // Where clocks go forward, a range may be left empty or reversed: it is not there that day.
      if (start < end) open.push({ start, end });
    }
  }
  return open;
}

/** Monday is 0. */
function weekday(day: LocalDay): number {
  return (((day + WEEKDAY_OF_DAY_ZERO) % 7) + 7) % 7;
}
