import type { Logger } from "pino";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import type { SchedulingDeps } from "./deps.ts";

/** How long a change that opens time waits, after its commit, for Booking to hear of it. */
const ANNOUNCEMENT_MAX_MS = 1000;

/**
 * Tells Booking that what it remembers of the host is out of date, so that new time can be booked at once. Its failure is no
 * failure of the change, which is committed: Booking finds out by itself when its memory expires. A repeated call announces
 * again, because the first one may have ended before it did.
 */
export async function announce(
  deps: SchedulingDeps,
  hostId: string,
  caller: Caller & { readonly log: Logger },
): Promise<void> {
  try {
    await deps.booking.fenceHost(
      hostId,
      { ranges: [] },
      { timeoutMs: timeoutWithin(caller.deadline, ANNOUNCEMENT_MAX_MS), signal: caller.signal, trace: caller.trace },
    );
  } catch (error) {
    caller.log.debug({ err: error, hostId }, "a change of open time could not be announced to the booking service");
  }
}
