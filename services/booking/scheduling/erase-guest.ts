/**
 * Erases what people have said about the bookings of an erased guest. First in the bookings, on their hosts' lanes like every
 * change, each with an event; then in all that was written of them before. In this order, because a change of a booking repeats
 * in its event what the booking says: of bookings that say nothing, no event says anything any more.
 *
 * The guest must be erased for every batch from now on (`fenceUser`). Then nothing is said anew, so each page leaves less, and an
 * erasure that was broken off goes on where it was. Nothing but the bookings themselves knows how far it is.
 */

import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { SYSTEM_ACTOR } from "../domain/booking.ts";
import {
  eraseEvents,
  forgetSayingRequests,
  isNothingSaidOf,
  type SaidBooking,
  saidBookingsOf,
} from "../storage/said.ts";
import type { SchedulingDeps } from "./deps.ts";

/** Bookings that are on the lanes at a time: what callers want done is not to wait long behind them. */
const BOOKINGS_PER_PAGE = 100;
/** Rows that a statement changes, so that it takes milliseconds. */
const ROWS_PER_PAGE = 500;

type Deps = Pick<SchedulingDeps, "pool" | "lanes">;

/**
 * Returns whether all is erased. If not, the caller's deadline came first, or not one booking of a page could be changed, or
 * another replica is at it too.
 */
export async function eraseGuest(deps: Deps, guestId: string, caller: Caller): Promise<boolean> {
  const { pool } = deps;
  const { signal, deadline } = caller;
  const isLate = (): boolean => monotonicMs() >= deadline;
  for (;;) {
    const page = await saidBookingsOf(pool, guestId, BOOKINGS_PER_PAGE, signal);
    if (page.length === 0) break;
    if (isLate()) return false;
    const failed = await eraseBookings(deps, page, caller);
    // Perhaps a host is locked, or a lane full. As long as others can be erased, they are; then the next call tries again.
    if (isLate() || failed === page.length) return false;
  }
  for (const eraseSome of [eraseEvents, forgetSayingRequests]) {
    while ((await eraseSome(pool, guestId, ROWS_PER_PAGE, signal)) > 0) if (isLate()) return false;
  }
  return await isNothingSaidOf(pool, guestId, signal);
}

/** Returns how many were refused. Throws what is no refusal. */
async function eraseBookings({ lanes }: Deps, page: readonly SaidBooking[], caller: Caller): Promise<number> {
  const ended = await Promise.allSettled(
    page.map((booking) => lanes.commit({ kind: "erase", ...booking, actor: SYSTEM_ACTOR }, caller)),
  );
  const failures = ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  // Commands of a caller whose time is over are dropped, with an error that is no refusal.
  const bug = failures.find((error) => !(error instanceof Refusal) && monotonicMs() < caller.deadline);
  if (bug !== undefined) throw new Error("what was said about a booking could not be erased", { cause: bug });
  return failures.length;
}
