import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { HOST_LOCK_WAIT_MS } from "../../../shared/postgres/locks.ts";

/** How long a caller may wait for a host's lock, in milliseconds: no longer than it waits for its answer. */
export function lockWaitMs(caller: Caller): number {
  return Math.min(HOST_LOCK_WAIT_MS, caller.deadline - monotonicMs());
}
