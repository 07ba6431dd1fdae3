/** Weekly hours: ranges of local time per weekday, in force from a date on, and the time that they open. */

import { type Instant, type Interval, merge, overlaps } from "../../../shared/interval.ts";
import { FIRST_INSTANT, INSTANTS_END } from "../../../shared/limits.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { type Day, dayOf, daysOf, type LocalDay } from "./local-time.ts";

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

/** A period's ranges by weekday, Monday first. Each is read by itself: those that touch meet in the open time. */
type Week = readonly (readonly Minutes[])[];

/** The days of one zone. */
type Days = (day: Day) => LocalDay;

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
  const zones = new Map(periods.map(({ timeZone }) => [timeZone, daysOf(timeZone)]));
  const daysIn = (timeZone: string): Days => zones.get(timeZone) ?? daysOf(timeZone);
  const open = inForceWithin(periods, clipped, daysIn).flatMap(({ period, during }) => {
    const week = weekOf(period.ranges);
    return isAroundTheClock(week) ? [during] : openDays(week, daysIn(period.timeZone), during);
  });
  return merge(open);
}

/** The weekly hours in force and those that follow, by date. */
export function periodsFrom(periods: readonly Period[], now: Instant): readonly Period[] {
  const inForce = periods.findLastIndex((period) => startOf(period) <= now);
  return periods.slice(Math.max(0, inForce));
}

/** When a period comes into force: the first instant of its date. Where that does not occur: of the date that follows. */
export function startOf(period: Pick<Period, "fromDate" | "timeZone">): Instant {
  return daysOf(period.timeZone)(dayOf(period.fromDate)).start;
}

/** The part of an interval within a window, if any. */
export function clip(each: Interval, window: Interval): Interval | undefined {
  if (!overlaps(each, window)) return undefined;
  return { start: Math.max(each.start, window.start), end: Math.min(each.end, window.end) };
}

/** The periods that are in force in some part of a window, and in which, by start. */
function inForceWithin(
  periods: readonly Period[],
  window: Interval,
  daysIn: (timeZone: string) => Days,
): { period: Period; during: Interval }[] {
  const inForce = [];
  let { end } = window;
  for (const period of periods.toReversed()) {
    const day = dayOf(period.fromDate);
    // No zone is a day away from UTC: of most periods that begin behind the window the date alone tells it.
    if (day * DAY_MS - DAY_MS >= end) continue;
    const start = Math.max(daysIn(period.timeZone)(day).start, window.start);
    if (start >= end) continue;
    inForce.push({ period, during: { start, end } });
    end = start;
    if (start === window.start) break;
  }
  return inForce.toReversed();
}

function weekOf(ranges: readonly LocalRange[]): Week {
  return WEEKDAYS.map((day) => ranges.filter((range) => range.day === day));
}

function isAroundTheClock(week: Week): boolean {
  return week.map(merge).every(([range]) => range?.start === 0 && range.end === DAY_MINUTES);
}

/** The hours of each date, cut to `during`. */
function openDays(week: Week, dayIn: Days, during: Interval): Interval[] {
  const open: Interval[] = [];
  // A local date lies within a day around the same date in UTC.
  const last = Math.floor(during.end / DAY_MS) + 1;
  for (let day = Math.floor(during.start / DAY_MS) - 1; day <= last; day += 1) {
    const ranges = week[weekday(day)] ?? [];
    const at = ranges.length === 0 ? undefined : dayIn(day).at;
    if (at === undefined) continue;
    for (const range of ranges) {
      const start = Math.max(at(range.start), during.start);
      const end = Math.min(at(range.end), during.end);
      // Where clocks go forward, a range may be empty or reversed: it is not there that day.
      if (start < end) open.push({ start, end });
    }
  }
  return open;
}

/** Monday is 0. */
function weekday(day: Day): number {
  return (((day + WEEKDAY_OF_DAY_ZERO) % 7) + 7) % 7;
}
