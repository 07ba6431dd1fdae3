/**
 * Intervals as what they mean, sets of instants, one by one. Slow and too simple to be wrong, it is the second
 * opinion that the fast functions of shared/interval.ts are held against.
 */

import * as fc from "fast-check";
import type { Instant, Interval } from "../../shared/interval.ts";

/** Few instants, so that generated intervals overlap, touch and coincide often. */
export const MODEL_END: Instant = 30;

/** Any interval within `[0, MODEL_END)`. */
export const anyInterval: fc.Arbitrary<Interval> = fc
  .tuple(fc.integer({ min: 0, max: MODEL_END - 1 }), fc.integer({ min: 1, max: MODEL_END }))
  .filter(([start, end]) => start < end)
  .map(([start, end]) => ({ start, end }));

/** Sorted intervals that neither overlap nor touch: any set of instants, as its pieces. */
export const separateIntervals: fc.Arbitrary<Interval[]> = fc
  .array(fc.boolean(), { minLength: MODEL_END, maxLength: MODEL_END })
  .map((open) => intervalsOf(new Set(open.flatMap((isOpen, instant) => (isOpen ? [instant] : [])))));

export function instantsOf(intervals: readonly Interval[]): Set<Instant> {
  const instants = new Set<Instant>();
  for (const { start, end } of intervals) {
    for (let instant = start; instant < end; instant += 1) instants.add(instant);
  }
  return instants;
}

/** The pieces of a set of instants, by start. None is later than `last`. */
export function intervalsOf(instants: ReadonlySet<Instant>, last = MODEL_END): Interval[] {
  const pieces: Interval[] = [];
  for (let instant = 0; instant <= last; instant += 1) {
    if (!instants.has(instant)) continue;
    const start = instant;
    while (instants.has(instant)) instant += 1;
    pieces.push({ start, end: instant });
  }
  return pieces;
}
