import { difference, type Interval, interval, overlaps } from "../../../shared/interval.ts";
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
 * fence, so no booking that is accepted later lies in the ranges.
 *
 * More ranges than one question holds are asked about as fewer and longer ones, or a host with a booking many years ahead
 * would be asked about a thousand times: the work grows with the bookings, not with the ranges.
 */
export async function bookingsIn(
  booking: BookingPeer,
  hostId: string,
  ranges: readonly Interval[],
  wantsAll: boolean,
  limits: () => CallLimits,
): Promise<Booked> {
  if (ranges.length === 0) return { bookings: [], count: 0 };
  if (!wantsAll && ranges.length <= FENCED_RANGES_MAX) {
    const { bookings, bookingCount } = await booking.fenceHost(hostId, { ranges }, limits());
    return { bookings, count: bookingCount };
  }
  const told: FencedBooking[] = [];
  for (let rest = hullsOf(ranges); rest.length > 0;) {
    const fence = { ranges: rest, maxBookings: FENCED_BOOKINGS_MAX };
    const { bookings, bookingCount } = await booking.fenceHost(hostId, fence, limits());
    told.push(...bookings);
    const last = bookings.at(-1);
    if (last === undefined && bookingCount > 0) throw new Error("bookings were counted and not told");
    if (last === undefined || bookingCount === bookings.length) break;
    // Bookings do not overlap: those that were not told begin here or later.
    rest = difference(rest, [{ start: -Infinity, end: last.end }]);
  }
  const bookings = overlapping(told, ranges);
  return { bookings, count: bookings.length };
}

/** At most FENCED_RANGES_MAX ranges that hold the given ones, and the gaps between neighbours among them. */
function hullsOf(ranges: readonly Interval[]): Interval[] {
  const size = Math.ceil(ranges.length / FENCED_RANGES_MAX);
  const hulls: Interval[] = [];
  for (let index = 0; index < ranges.length; index += size) {
    const [first, last] = [ranges[index] as Interval, ranges[Math.min(index + size, ranges.length) - 1] as Interval];
    hulls.push(interval(first.start, last.end));
  }
  return hulls;
}

/** Those of some bookings that overlap a range. Both are by start. */
function overlapping(bookings: readonly FencedBooking[], ranges: readonly Interval[]): FencedBooking[] {
  let next = 0;
  return bookings.filter((booking) => {
    while ((ranges[next]?.end ?? Infinity) <= booking.start) next += 1;
    const range = ranges[next];
    return range !== undefined && overlaps(range, booking);
  });
}
