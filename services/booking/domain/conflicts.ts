/** Which bookings stand in the way of removing availability. */

import { CONFLICTING_BOOKINGS_MAX } from "../../../shared/limits.ts";
import { isActive } from "./booking.ts";
import type { FenceCommand, Fenced } from "./command.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Active, unended bookings that overlap a range of the fence. Storage has counted the confirmed ones; holds are few and
 * loaded one by one, because an overdue one among them is to be recorded as expired. Fences are decided before all other
 * commands of a batch, so storage's count is not out of date.
 */
export function conflictsOf(ledger: Ledger, fence: FenceCommand): Omit<Fenced, "generation"> {
  const confirmed = ledger.confirmedInRanges(fence);
  const held = new Map<string, { id: string; start: number }>();
  for (const range of fence.ranges) {
    for (const booking of ledger.overlapping(range)) {
      const unended = booking.during.end > ledger.now;
      if (booking.state === "HELD" && isActive(booking, ledger.now) && unended) {
        held.set(booking.id, { id: booking.id, start: booking.during.start });
      }
    }
  }
  const byStart = [...confirmed.first, ...held.values()].toSorted((a, b) => a.start - b.start);
  return {
    bookingIds: byStart.slice(0, CONFLICTING_BOOKINGS_MAX).map((booking) => booking.id),
    bookingCount: confirmed.count + held.size,
  };
}
