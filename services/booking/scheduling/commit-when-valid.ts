/** Commits a command that needs the host to be available: note, ask, compare, and again if the comparison fails. */

import { type Caller, pauseAfter, unlessGone } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { isAboutOpenTime } from "../domain/calendar.ts";
import type { CreateCommand, Outcome, RescheduleCommand } from "../domain/command.ts";
import { replayed } from "../domain/requests.ts";
import type { SchedulingDeps } from "./deps.ts";

/** How often availability may change between the ask and the commit before the caller is told to come again. */
const ATTEMPTS_MAX = 5;

/** A command that has no calendar yet. */
export type Proposal = Omit<CreateCommand, "calendar"> | Omit<RescheduleCommand, "calendar">;

/**
 * Commits a proposal with the host's calendar. If a fence has ended the calendar's generation meanwhile, Availability is
 * asked again. A refusal about open time is final only if the ask began after the caller arrived, so that time that was
 * added a moment ago can be booked at once.
 *
 * No lock and no connection is held while Availability is asked: that would be a deadlock that no database can see.
 */
export async function commitWhenValid(deps: SchedulingDeps, caller: Caller, proposal: Proposal): Promise<Outcome> {
  const arrived = monotonicMs();
  const again = await answeredBefore(deps, caller, proposal);
  if (again !== undefined) return again;
  let newerThan = -Infinity;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const [{ calendar, begunAt }] = await Promise.all([
      deps.calendars.at(proposal.hostId, proposal.during.start, newerThan, caller),
      proposal.kind === "create" ? deps.guests.assertGuest(proposal.guestId, caller) : undefined,
    ]);
    const outcome = await deps.lanes.commit({ ...proposal, calendar }, caller);
    if (outcome.kind === "stale") {
      // All who failed on this calendar ask for a newer one than it, and so they share the next ask.
      newerThan = begunAt;
    } else if (outcome.kind === "refused" && isAboutOpenTime(outcome.refusal) && begunAt < arrived) {
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
async function answeredBefore(deps: SchedulingDeps, caller: Caller, proposal: Proposal): Promise<Outcome | undefined> {
  const { hostId, during, request } = proposal;
  const isGuestKnown = proposal.kind !== "create" || deps.guests.knows(proposal.guestId);
  if (request === undefined || (isGuestKnown && deps.calendars.has(hostId, during.start))) return undefined;
  const remembered = await unlessGone(deps.findRequest({ hostId, id: request.id }), caller);
  return remembered === undefined ? undefined : replayed(remembered, request);
}
