/**
 * Erases what people have said about the bookings of an erased guest. First in the bookings, on their hosts' lanes like every
 * change, each with an event; then in all that was written of them before. In this order, because a change of a booking repeats
 * in its event what the booking says: of bookings that say nothing, no event says anything any more.
 *
 * A booking that cannot be changed now keeps no other: it is passed over, and with it its events, because who replays a feed
 * must arrive at the booking.
 *
 * The guest must be erased for every batch from now on (`fenceUser`). Then nothing is said anew, so each call leaves less, and an
 * erasure that was broken off goes on where it was. Nothing but the bookings themselves knows how far it is.
 */

import type { Logger } from "pino";
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

export interface ErasingDeps extends Pick<SchedulingDeps, "pool" | "lanes"> {
  readonly log: Logger;
}

/**
 * Returns whether all is erased. If not, the caller's deadline came first, or a booking could not be changed, or another replica is
 * at it too: then the next call tries again.
 */
export async function eraseGuest(deps: ErasingDeps, guestId: string, caller: Caller): Promise<boolean> {
  const { pool, log } = deps;
  const { deadline } = caller;
  const isLate = (): boolean => monotonicMs() >= deadline;
  let bug: unknown;
  let page = await saidBookingsOf(pool, guestId, { after: undefined, limit: BOOKINGS_PER_PAGE }, caller);
  while (page.length > 0 && !isLate()) {
    const failure = await eraseBookings(deps, page, caller);
    bug ??= failure;
    const after = page.at(-1)?.bookingId;
    page = await saidBookingsOf(pool, guestId, { after, limit: BOOKINGS_PER_PAGE }, caller);
  }
  if (bug !== undefined) log.error({ err: bug, userId: guestId }, "what was said about a booking could not be erased");
  if (isLate()) return false;
  for (const eraseSome of [eraseEvents, forgetSayingRequests]) {
    while ((await eraseSome(pool, guestId, ROWS_PER_PAGE, caller)) > 0) if (isLate()) return false;
  }
  return await isNothingSaidOf(pool, guestId, caller);
}

/** Returns why one of them could not be changed, if that is no refusal: a host may be locked, or a lane full. */
async function eraseBookings({ lanes }: ErasingDeps, page: readonly SaidBooking[], caller: Caller): Promise<unknown> {
  const ended = await Promise.allSettled(
    page.map((booking) => lanes.commit({ kind: "erase", ...booking, actor: SYSTEM_ACTOR }, caller)),
  );
  const failures = ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  // Commands of a caller whose time is over are dropped, with an error that is no refusal.
  return failures.find((error) => !(error instanceof Refusal) && monotonicMs() < caller.deadline);
}
