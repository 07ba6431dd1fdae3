/**
 * What Booking must know of a user: its state, and that its tokens may be named by another external id. It is committed here
 * first, as a version that waits (`told_version < version`), and told afterwards, again and again until Booking says that all is
 * done. So no crash of either service, and no lost call, can leave it untold. Versions make calls harmless that come late or
 * twice: Booking takes none that is lower than the one it has.
 *
 * So Booking says which state and version it has, and only if these are our own is anything done. After our database was restored
 * to an earlier time, Booking may have a higher version than ours, or the same one of another state: then ours is raised above
 * it. Who is erased in Booking stays so; if our database has forgotten it, the user has to be erased once more.
 */

import type { Meter } from "@opentelemetry/api";
import type { Logger } from "pino";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { MINUTE_MS } from "../../../shared/time-units.ts";
import { type Periodic, periodically } from "../../../shared/periodically.ts";
import type { User } from "../domain/user.ts";
import type { CallLimits, StoredUser, ToldUser } from "../peers/booking.ts";
import { markTold, overtake } from "../storage/change-user.ts";
import { findUsersToTell } from "../storage/users.ts";
import type { SchedulingDeps } from "./deps.ts";

/** A user whose change is committed. */
export interface ChangedUser {
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

/** An operator is to know of a user who has waited so long: Booking is away, or something there cannot be done. */
export const LATE_AFTER_MS = MINUTE_MS;

/** Users who are kept in mind as waiting, or as warned of. With more of them, some are warned of later, or again. */
const KEPT_IN_MIND_MAX = 1000;

type Told = "complete" | "incomplete" | "erased there";

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
  const limits = {
    timeoutMs: timeoutWithin(monotonicMs() + shareMs, TELL_MAX_MS),
    signal: caller.signal,
    trace: caller.trace,
  };
  const told = await tell(deps, user, limits, caller.log);
  if (told === "erased there") warnOf(user, caller.log);
  return told === "complete";
}

/** Tells Booking, for as long as this runs, of all users who are still to be told. */
export function tellPeriodically(deps: TellingDeps, log: Logger, meter: Meter): Periodic {
  let afterId: string | undefined;
  /** When each was told first, for as long as that is not complete. On the scale of `monotonicMs`. */
  const waitingSince = new Map<string, number>();
  meter
    .createObservableGauge("slotwright.users.untold", {
      unit: "{user}",
      description: "Users of whose change Booking has been told and has not done its part",
    })
    .addCallback((result) => result.observe(waitingSince.size));
  /** Each is warned of once: it is told again every few seconds. */
  const warned = new Set<string>();
  const warnOnce = (user: User, warn: (user: User, log: Logger) => void): void => {
    if (warned.has(user.id)) return;
    if (warned.size >= KEPT_IN_MIND_MAX) warned.clear();
    warned.add(user.id);
    warn(user, log);
  };
  const note = (user: User, told: Told): void => {
    if (told === "complete") {
      waitingSince.delete(user.id);
      warned.delete(user.id);
      return;
    }
    if (told === "erased there") return warnOnce(user, warnOf);
    const since = waitingSince.get(user.id);
    if (since !== undefined && monotonicMs() - since >= LATE_AFTER_MS) return warnOnce(user, warnOfLate);
    if (waitingSince.size >= KEPT_IN_MIND_MAX) waitingSince.clear();
    waitingSince.set(user.id, since ?? monotonicMs());
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    const users = await findUsersToTell(deps, { afterId, limit: USERS_PER_RUN }, { signal });
    // The next run goes on behind them: users who are never done would otherwise keep all others from their turn.
    afterId = users.length < USERS_PER_RUN ? undefined : users.at(-1)?.id;
    const waiting = users.values();
    const tellThem = async (): Promise<void> => {
      for (const user of waiting) note(user, await tell(deps, user, { timeoutMs: TELL_MAX_MS, signal }, log));
    };
    await Promise.all(Array.from({ length: TOLD_AT_A_TIME }, tellThem));
  };
  return periodically("tell booking of users", TELL_INTERVAL_MS, run, log);
}

async function tell(deps: TellingDeps, user: User, limits: CallLimits, log: Logger): Promise<Told> {
  try {
    const stored = await deps.booking.fenceUser(user.id, user, limits);
    if (!isSame(stored, user)) return await settle(deps, user, stored);
    if (!stored.isComplete) return "incomplete";
    await markTold(deps, user);
    return "complete";
  } catch (error) {
    limits.signal.throwIfAborted();
    log.debug(
      { err: error, userId: user.id },
      "the booking service could not be told of a user; it will be told again",
    );
    return "incomplete";
  }
}

/** Booking has something else of a user than it was told. */
async function settle(deps: TellingDeps, user: User, stored: StoredUser): Promise<Told> {
  const now = await overtake(deps, user.id, stored);
  if (stored.state === "ERASED" && now.state !== "ERASED") return "erased there";
  // The user has changed since, and Booking was told that sooner. Perhaps what was to be told here is as true of it.
  return isSame(stored, now) && now.state === user.state && stored.isComplete ? "complete" : "incomplete";
}

function isSame(a: ToldUser, b: ToldUser): boolean {
  return a.state === b.state && a.version === b.version;
}

function warnOf({ id }: User, log: Logger): void {
  log.warn(
    { userId: id },
    "the user is erased in the booking service and not here, as after a restore; erase it again",
  );
}

function warnOfLate({ id, state }: User, log: Logger): void {
  log.warn(
    { userId: id, state },
    "the booking service has not done its part of a user's change for a minute; it is told again and again",
  );
}
