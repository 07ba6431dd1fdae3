/**
 * What Booking must know of a user: its state, and that its tokens may be named by another external id. It is committed here
 * first, as a version that waits (`told_version < version`), and told afterwards, again and again until Booking says that all is
 * done. So no crash of either service, and no lost call, can leave it untold. Versions make calls harmless that come late or
 * twice: Booking takes none that is lower than the one it has.
 */

import type { Logger } from "pino";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { type Periodic, periodically } from "../../../shared/periodically.ts";
import type { User } from "../domain/user.ts";
import type { CallLimits } from "../peers/booking.ts";
import { markTold } from "../storage/change-user.ts";
import { findUsersToTell } from "../storage/users.ts";
import type { SchedulingDeps } from "./deps.ts";

/** A user whose change is committed. */
export interface ToldUser {
  readonly user: User;
  /** Whether Booking has done its part. */
  readonly complete: boolean;
}

type TellingDeps = Pick<SchedulingDeps, "orm" | "pool" | "booking">;

/** The longest that one call to Booking may take. What it has done by then, the next call finds done. */
const TELL_MAX_MS = 5000;

/** Of the time that the caller has left: the rest is for the answer, which may be that it is not complete. */
const CALLERS_SHARE = 0.75;

const TELL_INTERVAL_MS = 2000;

/** Users who are looked at in one run, and those of them who are told at a time. */
const USERS_PER_RUN = 100;
const TOLD_AT_A_TIME = 10;

/**
 * Tells Booking of a user whose change is committed, if it is still to be told. Returns whether Booking has done all that follows. Its failure is no
 * failure of the change.
 */
export async function tellNow(
  deps: TellingDeps,
  user: User,
  caller: Caller & { readonly log: Logger },
): Promise<boolean> {
  if (user.toldVersion >= user.version) return true;
  const shareMs = (caller.deadline - monotonicMs()) * CALLERS_SHARE;
  const limits = { timeoutMs: timeoutWithin(monotonicMs() + shareMs, TELL_MAX_MS), signal: caller.signal };
  return await tell(deps, user, limits, caller.log);
}

/** Tells Booking, for as long as this runs, of all users who are still to be told. */
export function tellPeriodically(deps: TellingDeps, log: Logger): Periodic {
  let afterId: string | undefined;
  const run = async (signal: AbortSignal): Promise<void> => {
    const users = await findUsersToTell(deps, { afterId, limit: USERS_PER_RUN }, signal);
    // The next run goes on behind them: users who are never done would otherwise keep all others from their turn.
    afterId = users.length < USERS_PER_RUN ? undefined : users.at(-1)?.id;
    const waiting = users.values();
    const tellThem = async (): Promise<void> => {
      for (const user of waiting) await tell(deps, user, { timeoutMs: TELL_MAX_MS, signal }, log);
    };
    await Promise.all(Array.from({ length: TOLD_AT_A_TIME }, tellThem));
  };
  return periodically("tell booking of users", TELL_INTERVAL_MS, run, log);
}

async function tell(deps: TellingDeps, user: User, limits: CallLimits, log: Logger): Promise<boolean> {
  try {
    const isComplete = await deps.booking.fenceUser(user.id, user, limits);
    if (isComplete) await markTold(deps, user);
    return isComplete;
  } catch (error) {
    limits.signal.throwIfAborted();
    log.debug(
      { err: error, userId: user.id },
      "the booking service could not be told of a user; it will be told again",
    );
    return false;
  }
}
