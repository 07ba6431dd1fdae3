/** Commits a command that needs the host to be available: note, ask, compare, and again if the comparison fails. */

import { type Caller, pauseAfter, unlessGone } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import type { Interval } from "../../../shared/interval.ts";
import type { RequestKey } from "../../../shared/request-key.ts";
import type { Outcome, Validation } from "../domain/command.ts";
import { replayed } from "../domain/requests.ts";
import { misfit } from "../domain/slots.ts";
import type { BookingDeps } from "./deps.ts";

/** How often availability may change between the ask and the commit before the caller is told to come again. */
const ATTEMPTS_MAX = 5;

export interface Asked {
  readonly hostId: string;
  readonly during: Interval;
  readonly request: RequestKey | undefined;
  /** Who must be a guest, where that is not known already. */
  readonly guestId?: string;
}

/**
 * Validates the asked time and hands it to `commit`. A validation whose generation a fence has ended is asked for again; a
 * refusal for availability's sake is final only from an ask that began after the caller arrived, so that time added a
 * moment ago can be booked at once.
 *
 * No lock and no connection is held while Availability is asked: that would be a deadlock that no database can see.
 */
export async function validated(
  deps: BookingDeps,
  caller: Caller,
  asked: Asked,
  commit: (validation: Validation) => Promise<Outcome>,
): Promise<Outcome> {
  const arrived = monotonicMs();
  const again = await answeredBefore(deps, caller, asked);
  if (again !== undefined) return again;
  let newerThan = -Infinity;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const [snapshot] = await Promise.all([
      deps.snapshots.at(asked.hostId, asked.during.start, newerThan, caller),
      asked.guestId === undefined ? undefined : deps.guests.assertGuest(asked.guestId, caller),
    ]);
    const verdict = misfit(snapshot.open, asked.during);
    const outcome = await commit({ generation: snapshot.generation, misfit: verdict });
    if (outcome.kind === "stale") {
      // Everybody who failed on this snapshot asks for a newer one than it, and so they all share the next ask.
      newerThan = snapshot.begunAt;
    } else if (isAboutAvailability(outcome) && snapshot.begunAt < arrived) {
      newerThan = arrived;
    } else {
      return outcome;
    }
    if (attempt > 1) await pauseAfter(attempt, caller);
  }
  throw new Refusal("BUSY", "the host's availability keeps changing; nothing was changed", { retryAfterMs: 200 });
}

/**
 * The answer that the same request was given before, if Availability would have to be asked now: a request that was carried
 * out is answered without it, up or down. Where all is remembered, the lane looks under its lock, and this need not.
 */
async function answeredBefore(deps: BookingDeps, caller: Caller, asked: Asked): Promise<Outcome | undefined> {
  const { hostId, during, request, guestId } = asked;
  const isKnown = deps.snapshots.has(hostId, during.start) && (guestId === undefined || deps.guests.knows(guestId));
  if (request === undefined || isKnown) return undefined;
  const remembered = await unlessGone(deps.findRequest({ hostId, id: request.id }), caller);
  return remembered === undefined ? undefined : replayed(remembered, request);
}

function isAboutAvailability(outcome: Outcome): boolean {
  if (outcome.kind !== "refused") return false;
  return outcome.refusal.reason === "OUTSIDE_AVAILABILITY" || outcome.refusal.reason === "OFF_GRID";
}
