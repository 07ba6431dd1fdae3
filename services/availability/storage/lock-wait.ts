/**
 * What the wait of a change for its host is made of, in order. Each part has the limit that fits what happens meanwhile:
 *
 * 1. The turn, among the changes of the host in this process. It is waited for without a connection, first come, first
 *    served, until the caller's deadline: a turn is some ten short statements and a commit, 3 ms on an idle machine and
 *    fifty where others want the processors, and sixteen or five hundred writers add up to seconds in which nothing is
 *    wrong. What is wrong is a host whose queue stands still: STANDSTILL_MS.
 * 2. A permit, of a change that asks Booking, without a connection too: until the caller's deadline, for the same reason, as
 *    long as permits go round. One is given back at the latest when Booking has not answered: PERMIT_STANDSTILL_MS.
 * 3. A connection, which the pool gives within seconds or not at all. A host has at most one of each process.
 * 4. The host's lock, among the processes: HOST_LOCK_WAIT_MS, because a connection is held meanwhile. That is many turns
 *    of the others. Who holds it longer waits for Booking, or hangs.
 *
 * If a process keeps a host's lock, one change after another tries it, a second each, on one connection; a change that has
 * waited STANDSTILL_MS is refused with BUSY.
 */

import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { HOST_LOCK_WAIT_MS } from "../../../shared/postgres/locks.ts";

/**
 * How long a change waits for its turn while no other gets the host's lock, before it is refused with BUSY. Longer than
 * the holder of the turn may take for what is no fault of the host (a removal's permit, Booking's answer); half of a usual
 * deadline, so that a caller learns that nothing was changed.
 */
const STANDSTILL_MS = 5000;

/** Changes that wait for their turn at one host, before more are refused with OVERLOADED: about what a deadline suffices for. */
const TURNS_WAITING_MAX = 1000;

export const turnLimits = { waitingMax: TURNS_WAITING_MAX, standstillMs: STANDSTILL_MS };

export const PERMIT_STANDSTILL_MS = 2000;

/** How long a caller may wait for a host's lock, in milliseconds: no longer than it waits for its answer. */
export function lockWaitMs(caller: Caller): number {
  return Math.min(HOST_LOCK_WAIT_MS, caller.deadline - monotonicMs());
}
