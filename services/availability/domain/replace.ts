import { difference, type Interval, merge } from "../../../shared/interval.ts";

/** What becomes of stored intervals. */
export interface Replacement<Stored extends Interval> {
  /** The time that is open no longer, by start. It must not be booked. */
  readonly removed: readonly Interval[];
  /** The time that becomes open, by start. */
  readonly added: readonly Interval[];
  /** The stored intervals that end ... */
  readonly gone: readonly Stored[];
  /** ... and those that take their place, by start. */
  readonly written: readonly Interval[];
}

/**
 * Makes a host's open time within `window` what is `wanted` there, and leaves it as it is outside. `stored` is by start, and
 * holds at least the host's intervals that overlap or touch the window. An interval that stays as it is, is not written again.
 */
export function replace<Stored extends Interval>(
  stored: readonly Stored[],
  wanted: readonly Interval[],
  window: Interval,
): Replacement<Stored> {
  const after = merge([...difference(stored, [window]), ...wanted]);
  return {
    removed: difference(stored, after),
    added: difference(after, stored),
    gone: without(stored, after),
    written: without(after, stored),
  };
}

/** Those of some intervals that have no equal among others. */
function without<Each extends Interval>(intervals: readonly Each[], others: readonly Interval[]): Each[] {
  const ends = new Map(others.map(({ start, end }) => [start, end]));
  return intervals.filter(({ start, end }) => ends.get(start) !== end);
}
