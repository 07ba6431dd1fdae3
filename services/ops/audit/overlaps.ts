/** Finds active bookings that are in one seat of one host at a time. */

import type { ActiveBooking } from "./bookings.ts";
import type { Violation } from "./violation.ts";

/**
 * Returns a function that takes the active bookings one after another, by host, seat and when they occupy it, and returns the
 * overlap that each makes with one before it. It keeps one booking: of all that came before in the seat, only the one that
 * occupies it longest can reach furthest.
 */
export function overlapFinder(): (booking: ActiveBooking) => Violation | undefined {
  let furthest: ActiveBooking | undefined;
  return (booking) => {
    const { hostId, seat, occupied } = booking;
    const before = furthest?.hostId === hostId && furthest.seat === seat ? furthest : undefined;
    if (before === undefined || before.occupied.end <= occupied.end) furthest = booking;
    if (before === undefined || before.occupied.end <= occupied.start) return undefined;
    return { kind: "OVERLAP", hostId, seat, bookingId: before.id, otherId: booking.id };
  };
}
