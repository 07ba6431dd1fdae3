/** Which bookings stand in the way of removing availability. */

import type { Instant, Interval } from "../../../shared/interval.ts";
import { type Booking, isActive } from "./booking.ts";
import type { FenceCommand, Fenced, FencedBooking, FencePosition } from "./command.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Active, unended bookings that overlap a range of the fence. Storage has counted the confirmed ones; holds are few and
 * loaded one by one, because an overdue one among them is to be recorded as expired. Fences are decided before all other
 * commands of a batch, so what storage has counted is not out of date.
 */
export function conflictsOf(ledger: Ledger, fence: FenceCommand): Pick<Fenced, "bookings" | "bookingCount"> {
  const confirmed = ledger.confirmedInRanges(fence);
  const held = new Map<string, FencedBooking>();
  for (const range of fence.ranges) {
    for (const { id, during } of activeHolds(ledger, range)) {
      if (isBehind({ id, ...during }, fence.after)) held.set(id, { id, ...during });
    }
  }
  const byStart = [...confirmed.first, ...held.values()].toSorted((a, b) => (isBehind(a, b) ? 1 : -1));
  return { bookings: byStart.slice(0, fence.maxBookings), bookingCount: confirmed.count + held.size };
}

/** The end of the host's last active, unended booking. Undefined: it has none. */
export function lastBookingEndOf(ledger: Ledger): Instant | undefined {
  const held = activeHolds(ledger, { start: ledger.now, end: Infinity }).map(({ during }) => during.end);
  const last = Math.max(ledger.lastConfirmedEnd ?? -Infinity, ...held);
  return last === -Infinity ? undefined : last;
}

/** Whether a booking comes later than a position in the order of a fence's list. */
function isBehind(booking: FencePosition, position: FencePosition | undefined): boolean {
  if (position === undefined) return true;
  return booking.start > position.start || (booking.start === position.start && booking.id > position.id);
}

function activeHolds(ledger: Ledger, range: Interval): Booking[] {
  return ledger
    .overlapping(range, "during")
    .filter((each) => each.state === "HELD" && isActive(each, ledger.now) && each.during.end > ledger.now);
}
