import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import { intersection, interval, type Interval, overlaps, subtract } from "../../../shared/interval.ts";

/** What removing a range does to the stored intervals. */
export interface Removal<Stored extends Interval> {
  /** The time that goes, by start: old minus new, never more than was there. */
  readonly removed: readonly Interval[];
  /** What stays of the intervals that lose time, by start: at most a piece before the range and one after it. */
  readonly remaining: readonly Interval[];
  /** The stored intervals that lose time. */
  readonly replaced: readonly Stored[];
}

/** Decides what removing a range takes away from a host's intervals, given by start. */
export function removal<Stored extends Interval>(stored: readonly Stored[], range: Interval): Removal<Stored> {
  const replaced = stored.filter((each) => overlaps(each, range));
  return {
    removed: replaced.map((each) => intersection(each, range)).filter((each) => each !== undefined),
    remaining: replaced.flatMap((each) => subtract(each, range)),
    replaced,
  };
}

/**
 * The removed ranges as they are sent to Booking: at most FENCED_RANGES_MAX, the last of which may cover gaps between the
 * rest. That is safe and refuses nothing more: no active booking that has not ended lies in a gap, because there it would
 * be outside availability.
 */
export function fencedRanges(removed: readonly Interval[]): readonly Interval[] {
  const tail = removed.slice(FENCED_RANGES_MAX - 1);
  const [first, last] = [tail[0], tail.at(-1)];
  if (first === undefined || last === undefined || first === last) return removed;
  return [...removed.slice(0, FENCED_RANGES_MAX - 1), interval(first.start, last.end)];
}
