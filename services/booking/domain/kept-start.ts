/** A booking that keeps its start while its end moves: what it has already is not asked for again. */

import type { Interval } from "../../../shared/interval.ts";
import type { Booking } from "./booking.ts";

/**
 * The occupied time of a booking that keeps its start. Rules that have changed since take nothing from it: no buffer grows in
 * front of it, and none behind it where its end does not go on.
 */
export function notGrown(wanted: Interval, during: Interval, { during: before, occupied: had }: Booking): Interval {
  return {
    start: Math.max(wanted.start, had.start),
    end: during.end > before.end ? wanted.end : Math.min(wanted.end, had.end),
  };
}

/** Those of some bookings that are in the time which a booking takes behind what it has. */
export function behind(around: readonly Booking[], time: Interval, { occupied: had }: Booking): readonly Booking[] {
  return time.end <= had.end ? [] : around.filter((booking) => booking.occupied.end > had.end);
}
