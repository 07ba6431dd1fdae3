import { type Interval, interval, overlaps } from "../../../shared/interval.ts";
import { FENCED_BOOKINGS_MAX, FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import type { BookingPeer, CallLimits, FencedBooking } from "../peers/booking.ts";

/** Bookings that are in the way of a change. */
export interface Booked {
  /** By start, then id: all of them if they were asked for, else the first few. They may overlap: a host may have seats. */
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
  const asked = { ranges: hullsOf(ranges), maxBookings: FENCED_BOOKINGS_MAX };
  const told: FencedBooking[] = [];
  for (;;) {
    const { bookings, bookingCount } = await booking.fenceHost(hostId, { ...asked, after: told.at(-1) }, limits());
    if (bookings.length === 0 && bookingCount > 0) throw new Error("bookings were counted and not told");
    told.push(...bookings);
    if (bookingCount === bookings.length) break;
  }
  const inTheWay = overlapping(told, ranges);
  return { bookings: inTheWay, count: inTheWay.length };
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
