/**
 * What Availability has told of a user takes effect: once this is answered as complete for one who is deactivated or erased, nothing
 * is booked with that user any more, by whichever replica; and of one who is erased, what was said is gone.
 *
 * 1. The state is stored and committed.
 * 2. All transactions that hold a host's lock at a moment after that are waited for.
 * 3. Of an erased guest, what was said is erased.
 * 4. That all is done is stored. From then on the same call is answered at once, and the audit finds whatever came later.
 *
 * **Why no batch books with the user after step 2.** A batch reads the states of its users in a statement of its own behind the
 * statement that got its locks (READ COMMITTED: each statement sees what was committed before it began). A batch that gets its
 * locks after step 1 sees the state, and refuses. One that got them before may not have seen it; it holds them until it has ended,
 * so either it has ended by the time of step 2, or it is among those that step 2 waits for. There is no third kind. A batch whose
 * process or connection has died is one of these too: PostgreSQL keeps its locks until its transaction is over.
 *
 * The host's lock of one booking would not do: a user who is a guest may be booked with any host, and a lock of guests that every
 * batch takes would make the hosts of one guest wait for each other.
 */

import type { Caller } from "../../../shared/caller.ts";
import { whenHoldersHaveEnded } from "../storage/lock-holders.ts";
import { storeComplete, storeUser, type StoredUser, type ToldUser } from "../storage/users.ts";
import { eraseGuest, type ErasingDeps } from "./erase-guest.ts";

/** What is kept of the caller's time for the way back: an answer that says "not complete" must arrive, too. */
const ANSWER_MS = 250;

/**
 * Returns what is stored then, and whether all is done that follows from it. If not, the time was too short: the next call goes
 * on. A version that is not the latest one tells nothing; then the state that is stored is what counts.
 */
export async function fenceUser(deps: ErasingDeps, user: ToldUser, waiting: Caller): Promise<StoredUser> {
  const { signal, deadline, trace } = waiting;
  const caller = { signal, trace, deadline: deadline - ANSWER_MS };
  const stored = await storeUser(deps.pool, user, trace);
  if (stored.isComplete || !(await follows(deps, stored, caller))) return stored;
  await storeComplete(deps.pool, stored, caller);
  return { ...stored, isComplete: true };
}

/** Whether all that follows from a user's state is done. */
async function follows(deps: ErasingDeps, { id, state }: StoredUser, caller: Caller): Promise<boolean> {
  // A batch that has not seen that a user is active again refuses it, and is over soon.
  if (state === "ACTIVE") return true;
  if (!(await whenHoldersHaveEnded(deps.pool, caller))) return false;
  return state === "DEACTIVATED" || (await eraseGuest(deps, id, caller));
}
