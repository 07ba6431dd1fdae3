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

export function duration(a: Interval): number {
  return a.end - a.start;
}

/** What lies in both, or undefined where nothing does. */
export function intersection(a: Interval, b: Interval): Interval | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start, end } : undefined;
}

/** The smallest interval that holds all of the given ones. `all` must not be empty. */
export function hull(all: readonly Interval[]): Interval {
  return interval(Math.min(...all.map((each) => each.start)), Math.max(...all.map((each) => each.end)));
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

/** `from` without the instants of `removed`: no piece, one or two. */
export function subtract(from: Interval, removed: Interval): Interval[] {
  if (!overlaps(from, removed)) return [from];
  const pieces: Interval[] = [];
  if (from.start < removed.start) pieces.push({ start: from.start, end: removed.start });
  if (removed.end < from.end) pieces.push({ start: removed.end, end: from.end });
  return pieces;
}
