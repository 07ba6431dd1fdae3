/**
 * Half-open intervals of time, `[start, end)`: the one place that decides what overlapping, touching and merging mean.
 * Two services and their tests use it; neither knows more about an interval than this.
 */

/** An instant: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** The instants from `start` up to, but not including, `end`. Never empty. */
export interface Interval {
  readonly start: Instant;
  readonly end: Instant;
}

/** An interval from trusted numbers. Throws on an empty, reversed or fractional one: that is a bug of ours. */
export function interval(start: Instant, end: Instant): Interval {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start >= end) {
    throw new RangeError(`not an interval: [${start}, ${end})`);
  }
  return { start, end };
}

/** Whether some instant lies in both. Intervals that only touch do not overlap. */
export function overlaps(a: Interval, b: Interval): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Whether the two overlap, or one ends where the other begins: whether their union is one interval. */
export function meets(a: Interval, b: Interval): boolean {
  return a.start <= b.end && b.start <= a.end;
}

/** Whether every instant of `inner` lies in `outer`. */
export function contains(outer: Interval, inner: Interval): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The same instants as sorted intervals that neither overlap nor touch. */
export function merge(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const next of intervals.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && meets(last, next)) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, next.end) };
    } else {
      merged.push(next);
    }
  }
  return merged;
}

/** The instants that are in both of two lists. Of each the intervals are by start and do not overlap. */
export function intersection(one: readonly Interval[], other: readonly Interval[]): Interval[] {
  return difference(one, difference(one, other));
}

/** The instants of `from` that are not in `removed`, by start. Of each list the intervals are by start and do not overlap. */
export function difference(from: readonly Interval[], removed: readonly Interval[]): Interval[] {
  const pieces: Interval[] = [];
  let next = 0;
  for (const { start, end } of from) {
    let rest = start;
    while ((removed[next]?.end ?? Infinity) <= rest) next += 1;
    for (let index = next; rest < end; index += 1) {
      const hole = removed[index];
      if (hole === undefined || hole.start >= end) {
        pieces.push({ start: rest, end });
        break;
      }
      if (rest < hole.start) pieces.push({ start: rest, end: hole.start });
      rest = hole.end;
    }
  }
  return pieces;
}
