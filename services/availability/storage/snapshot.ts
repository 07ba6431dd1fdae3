/** A host's availability as Booking may rely on it. */

import type { Pool } from "pg";
import type { Caller } from "../../../shared/caller.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { BOOKING_MAX_MS, LAST_INSTANT, SNAPSHOT_INTERVALS_MAX } from "../../../shared/limits.ts";
import { lockHost } from "../../../shared/postgres/locks.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import { MINUTE_MS } from "../../../shared/time-units.ts";
import { findHost, type Host, runOn } from "./hosts.ts";
import { lockWaitMs } from "./lock-wait.ts";
import { openTimeMeeting } from "./open-time.ts";

/** Open time, cut to what a window needs. */
export interface OpenInterval extends Interval {
  /** Where the grid begins: at the start or before it. */
  readonly origin: Instant;
}

export interface Snapshot {
  /** The open time that meets the covered window and holds a slot, by start. Fragments would only crowd it out. */
  readonly intervals: readonly OpenInterval[];
  readonly host: Host;
  /** The asked window, or its beginning where it holds more than can be told at once. */
  readonly covered: Interval;
}

/**
 * Reads a snapshot after the end of every change that was under way when this began.
 *
 * A change that shrinks open time holds the host's exclusive lock from before it asks Booking until it is committed or rolled
 * back, so the shared lock waits for it; and what is read is read in later statements, because one that locked and read would
 * see the database as it was before its wait, that is, with the time that has just been removed. READ ONLY on the primary: a
 * replica may be behind and has no such lock.
 *
 * Throws Refusal USER_NOT_FOUND, NOT_A_HOST, BUSY.
 */
export async function snapshotOf(pool: Pool, hostId: string, window: Interval, caller: Caller): Promise<Snapshot> {
  return await transaction(
    pool,
    async (client) => {
      await lockHost(client, hostId, "shared", lockWaitMs(caller));
      // Nobody may wait any more after the lock's wait; what follows is short.
      caller.signal.throwIfAborted();
      const run = runOn(client);
      const host = await findHost(run, hostId);
      // What starts in the window has ended then.
      const until = Math.min(window.end + BOOKING_MAX_MS, LAST_INSTANT);
      const wanted = { window, limit: SNAPSHOT_INTERVALS_MAX, until, isForBooking: true };
      const { intervals, covered } = await openTimeMeeting(run, host, wanted);
      const { slotDurationMinutes = 0 } = host.rules;
      return {
        intervals: intervals
          .filter(({ start, end }) => end - start >= slotDurationMinutes * MINUTE_MS)
          .map(({ start, end }) => ({
            start: Math.max(start, window.start),
            end: Math.min(end, until),
            origin: start,
          })),
        host,
        covered,
      };
    },
    { isReadOnly: true, trace: caller.trace },
  );
}
