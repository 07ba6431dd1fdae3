/**
 * How what was said about a host's time changes, and what that does to its open time. All changes are one of these: plain data
 * in, plain data out. Exceptions of an intent are those that overlap or touch the range of the change, at least.
 */

import { difference, type Instant, interval, type Interval, merge } from "../../../shared/interval.ts";
import { type Intent, openTime } from "./open-time.ts";
import { type Period, startOf } from "./weekly-hours.ts";

/** Opens a range, whatever the weekly hours say. */
export function opened(intent: Intent, range: Interval): Intent {
  return {
    ...intent,
    openings: merge([...intent.openings, range]),
    closures: difference(intent.closures, [range]),
  };
}

/** Closes a range. Where weekly hours are or will be in force, that is said by a closure, which outlives them. */
export function closed(intent: Intent, range: Interval): Intent {
  const hoursBegin = Math.min(...intent.periods.map(startOf));
  const closure = range.end > hoursBegin ? [interval(Math.max(range.start, hoursBegin), range.end)] : [];
  return {
    ...intent,
    openings: difference(intent.openings, [range]),
    closures: merge([...intent.closures, ...closure]),
  };
}

/** Leaves a range to the weekly hours alone. */
export function restored(intent: Intent, range: Interval): Intent {
  return {
    ...intent,
    openings: difference(intent.openings, [range]),
    closures: difference(intent.closures, [range]),
  };
}

/** Sets weekly hours from a date on: those of earlier dates last until then, those of later ones go. */
export function withPeriod(periods: readonly Period[], period: Period): readonly Period[] {
  return [...periods.filter(({ fromDate }) => fromDate < period.fromDate), period];
}

/** The earliest instant at which `withPeriod` can make a difference. */
export function firstChange(periods: readonly Period[], period: Period): Instant {
  const replaced = periods.filter(({ fromDate }) => fromDate >= period.fromDate);
  return Math.min(...[period, ...replaced].map(startOf));
}

/** The time within a window that was open and is so no longer, by start. */
export function noLongerOpen(before: Intent, after: Intent, window: Interval): Interval[] {
  // Hours are looked at again only if openings alone do not hold all that was open.
  const old = difference(openTime(before, window), after.openings);
  return old.length === 0 ? [] : difference(old, openTime(after, window));
}

/** What becomes of stored exceptions: one that stays as it is, is not written again. */
export function replacement(
  stored: readonly Interval[],
  wanted: readonly Interval[],
): { readonly gone: readonly Interval[]; readonly written: readonly Interval[] } {
  return { gone: without(stored, wanted), written: without(wanted, stored) };
}

/** Those of some intervals that have no equal among others. */
function without(intervals: readonly Interval[], others: readonly Interval[]): Interval[] {
  const ends = new Map(others.map(({ start, end }) => [start, end]));
  return intervals.filter(({ start, end }) => ends.get(start) !== end);
}
