/** A host's availability as Booking may rely on it. */

import type { Pool } from "pg";
import type { Caller } from "../../../shared/caller.ts";
import { type Instant, interval, type Interval } from "../../../shared/interval.ts";
import { BOOKING_MAX_MS, SNAPSHOT_INTERVALS_MAX } from "../../../shared/limits.ts";
import { lockHost } from "../../../shared/postgres/locks.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import { intervalsMeeting } from "./availability.ts";
import { assertHost, runOn } from "./hosts.ts";
import { lockWaitMs } from "./lock-wait.ts";

/** Open time, cut to the asked window and to what a booking that starts there may need after it. */
export interface OpenInterval extends Interval {
  /** Where its grid of slots begins: where it would without the cut. */
  readonly origin: Instant;
}

export interface Snapshot {
  /** The intervals that meet the covered window and hold a slot, by start. Fragments would only crowd them out. */
  readonly intervals: readonly OpenInterval[];
  /** 0 where there are no intervals. */
  readonly slotDurationMinutes: number;
  /** The asked window, or its beginning where it holds more than SNAPSHOT_INTERVALS_MAX intervals. */
  readonly covered: Interval;
}

/**
 * Reads a snapshot after the end of every removal that was under way when this began.
 *
 * A removal holds the host's exclusive lock from before it asks Booking until it is committed or rolled back, so the
 * shared lock waits for it; and what is read is read in later statements, because one that locked and read would see the
 * database as it was before its wait, that is, with the time that has just been removed. READ ONLY on the primary: a
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
      await assertHost(run, hostId);
      const met = await intervalsMeeting(run, { hostId, window, limit: SNAPSHOT_INTERVALS_MAX + 1, bookable: true });
      const leftOut = met[SNAPSHOT_INTERVALS_MAX];
      return {
        intervals: met.slice(0, SNAPSHOT_INTERVALS_MAX).map((each) => cut(each, window)),
        slotDurationMinutes: met[0]?.slotDurationMinutes ?? 0,
        covered: leftOut === undefined ? window : interval(window.start, leftOut.start),
      };
    },
    undefined,
    "read only",
  );
}

function cut({ start, end }: Interval, window: Interval): OpenInterval {
  return { ...interval(Math.max(start, window.start), Math.min(end, window.end + BOOKING_MAX_MS)), origin: start };
}
