import { difference, type Interval } from "../../../shared/interval.ts";
import { FENCED_BOOKINGS_MAX, FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import type { BookingPeer, CallLimits, FencedBooking } from "../peers/booking.ts";

/** Bookings that are in the way of a change. */
export interface Booked {
  /** By start: all of them if they were asked for, else the first few. */
  readonly bookings: readonly FencedBooking[];
  readonly count: number;
}

/**
 * The active bookings that have not ended and overlap some ranges, which are by start and do not overlap. Each question is a
 * fence, so no booking that is accepted later lies in the ranges. They are asked for in portions of what one question holds.
 */
export async function bookingsIn(
  booking: BookingPeer,
  hostId: string,
  ranges: readonly Interval[],
  wantsAll: boolean,
  limits: () => CallLimits,
): Promise<Booked> {
  const bookings: FencedBooking[] = [];
  let count = 0;
  let seenUntil = -Infinity;
  let rest = ranges;
  while (rest.length > 0) {
    const portion = rest.slice(0, FENCED_RANGES_MAX);
    const fence = { ranges: portion, ...(wantsAll ? { maxBookings: FENCED_BOOKINGS_MAX } : {}) };
    const answer = await booking.fenceHost(hostId, fence, limits());
    // A booking that reaches from the portion before into this one is in both answers. Bookings do not overlap: it is one.
    const fresh = answer.bookings.filter(({ start }) => start >= seenUntil);
    bookings.push(...fresh);
    const lastTold = answer.bookings.at(-1);
    if (lastTold === undefined && answer.bookingCount > 0) throw new Error("bookings were counted and not told");
    if (wantsAll && lastTold !== undefined && answer.bookingCount > answer.bookings.length) {
      count += fresh.length;
      seenUntil = lastTold.end;
      rest = difference(rest, [{ start: -Infinity, end: lastTold.end }]);
    } else {
      count += answer.bookingCount - (answer.bookings.length - fresh.length);
      seenUntil = portion.at(-1)?.end ?? seenUntil;
      rest = rest.slice(FENCED_RANGES_MAX);
    }
  }
  return { bookings, count };
}
