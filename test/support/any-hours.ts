/** Generated weekly hours, closures and openings. */

import * as fc from "fast-check";
import { type Interval, merge } from "../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import type { Intent } from "../../services/availability/domain/open-time.ts";
import type { LocalRange, Period } from "../../services/availability/domain/weekly-hours.ts";

const DAY_MINUTES = 1440;
const EXCEPTIONS_MAX = 5;
const EXCEPTION_MAX_MS = DAY_MS / 2;

/** Mostly on a quarter of an hour around midnight: that is when clocks are moved. */
const anyMinute = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 13 }).map((quarter) => quarter * 15) },
  { weight: 1, arbitrary: fc.integer({ min: 88, max: 96 }).map((quarter) => quarter * 15) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: DAY_MINUTES }) },
);

/** Any ranges of one weekday; some touch. */
function rangesOf(day: number): fc.Arbitrary<LocalRange[]> {
  const cuts = fc.uniqueArray(anyMinute, { maxLength: 6 }).map((all) => all.toSorted((a, b) => a - b));
  return fc.tuple(cuts, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 })).map(([all, isOpen]) =>
    all.slice(1).flatMap((end, index) => {
      const start = all[index] ?? 0;
      return isOpen[index] === true ? [{ day, start, end }] : [];
    }),
  );
}

const aroundTheClock = [1, 2, 3, 4, 5, 6, 7].map((day) => ({ day, start: 0, end: DAY_MINUTES }));

const anyRanges = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(...[1, 2, 3, 4, 5, 6, 7].map(rangesOf)).map((week) => week.flat()) },
  { weight: 1, arbitrary: fc.constant(aroundTheClock) },
  { weight: 1, arbitrary: fc.constant([]) },
);

/** Up to four periods from dates near `day`, each in one of these zones. */
function anyPeriods(day: number, timeZones: readonly string[]): fc.Arbitrary<Period[]> {
  const period = fc.record({
    fromDate: fc.integer({ min: -6, max: 4 }).map((days) => new Date((day + days) * DAY_MS).toISOString().slice(0, 10)),
    timeZone: fc.constantFrom(...timeZones),
    ranges: anyRanges,
  });
  return fc
    .uniqueArray(period, { selector: ({ fromDate }) => fromDate, minLength: 1, maxLength: 4 })
    .map((periods) => periods.toSorted((a, b) => a.fromDate.localeCompare(b.fromDate)));
}

/** Closures or openings within a span. */
function exceptions(span: Interval): fc.Arbitrary<Interval[]> {
  const each = fc
    .tuple(
      fc.integer({ min: 0, max: (span.end - span.start) / MINUTE_MS - 1 }),
      fc.integer({ min: 1, max: EXCEPTION_MAX_MS / MINUTE_MS }),
    )
    .map(([first, minutes]) => {
      const start = span.start + first * MINUTE_MS;
      return { start, end: Math.min(start + minutes * MINUTE_MS, span.end) };
    });
  return fc.array(each, { maxLength: EXCEPTIONS_MAX }).map((all) => merge(all));
}

/** What a host may have said about the days around the middle of a span: in whole minutes. */
export function anyIntent(span: Interval, timeZones: readonly string[]): fc.Arbitrary<Intent> {
  return fc.record({
    periods: anyPeriods(Math.floor((span.start + span.end) / 2 / DAY_MS), timeZones),
    openings: exceptions(span),
    closures: exceptions(span),
  });
}

/** An interval in whole minutes within another one, or all of it. */
export function anyWindow(within: Interval): fc.Arbitrary<Interval> {
  const minute = fc.integer({ min: 0, max: (within.end - within.start) / MINUTE_MS });
  const part = fc
    .uniqueArray(minute, { minLength: 2, maxLength: 2 })
    .map((both) => both.toSorted((a, b) => a - b).map((each) => within.start + each * MINUTE_MS))
    .map(([start = within.start, end = within.end]) => ({ start, end }));
  return fc.oneof(fc.constant(within), part);
}
