import { interval, type Interval } from "../../../shared/interval.ts";
import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";

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
