/** Finds active bookings of one host that overlap. */

import type { ActiveBooking } from "./bookings.ts";
import type { Violation } from "./violation.ts";

/**
 * Returns a function that takes the active bookings one after another, by host and start, and returns the overlap that each
 * makes with one before it. It keeps one booking: of all that came before, only the one that ends last can reach furthest.
 */
export function overlapFinder(): (booking: ActiveBooking) => Violation | undefined {
  let furthest: ActiveBooking | undefined;
  return (booking) => {
    const before = furthest?.hostId === booking.hostId ? furthest : undefined;
    if (before === undefined || before.end <= booking.end) furthest = booking;
    if (before === undefined || before.end <= booking.start) return undefined;
    return { kind: "OVERLAP", hostId: booking.hostId, bookingId: before.id, otherId: booking.id };
  };
}
