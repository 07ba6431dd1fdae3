/**
 * What Availability said of hosts' time, remembered together with the generation of the host that was noted *before* it was
 * asked. Whoever uses a snapshot compares that generation under the host's lock: it is the comparison that keeps bookings
 * right, so a snapshot here may be as old as it likes without harm. Its age is limited for the grid's sake only.
 */

import { LRUCache } from "lru-cache";
import { type Caller, unlessGone } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { DAY_MS, type Instant, type Interval } from "../../../shared/interval.ts";
import { INSTANTS_END } from "../../../shared/limits.ts";
import { timeoutWithin } from "../../../shared/rpc/client.ts";
import type { OpenTime } from "../domain/slots.ts";
import { type AvailabilityPeer, PEER_CALL_MAX_MS } from "./availability.ts";
import { type Ask, shareAsks } from "./shared-asks.ts";

export interface Snapshot {
  readonly generation: number;
  /** When the generation was noted, on the scale of `monotonicMs`. */
  readonly begunAt: number;
  readonly open: OpenTime;
  readonly covered: Interval;
}

export interface Snapshots {
  /**
   * A snapshot that covers `start` and all that one availability interval around it holds, from an ask begun later
   * than `newerThan`. Throws what `AvailabilityPeer.snapshot` throws.
   */
  at(hostId: string, start: Instant, newerThan: number, caller: Caller): Promise<Snapshot>;
  /** Whether `at` need not ask, as far as can be told. */
  has(hostId: string, start: Instant): boolean;
  /** Drops what is remembered of a host, so that its next caller need not find out that it is stale. */
  forget(hostId: string): void;
}

/** An addition whose fence call was lost is seen after this long at the latest. */
const LIFETIME_MS = 30_000;
/** From this age on a snapshot that is used is asked for anew while it still serves, so that nobody waits for its end ... */
const REFRESH_AFTER_MS = 15_000;
/** ... and only so many at a time: hosts that were first asked for together would be so again every 30 seconds. */
const REFRESHES_MAX = 4;
/** Snapshots are of whole blocks of time, so that neighbouring requests share them. */
const BLOCK_MS = 92 * DAY_MS;
/** Bound of the memory: intervals, with one more for each snapshot. */
const INTERVALS_MAX = 1_000_000;

export function rememberSnapshots(
  peer: AvailabilityPeer,
  noteGeneration: (hostId: string) => Promise<number>,
): Snapshots {
  const remembered = new LRUCache<string, Map<number, Snapshot>>({
    max: 100_000,
    maxSize: INTERVALS_MAX,
    sizeCalculation,
  });
  const asks = shareAsks<Snapshot>();

  async function ask(hostId: string, window: Interval, timeoutMs: number): Promise<Snapshot> {
    const begunAt = monotonicMs();
    // The note comes first. After the ask, it could be of a generation whose removal the answer has not seen.
    const generation = await noteGeneration(hostId);
    const answer = await peer.snapshot(hostId, window, generation, timeoutMs);
    return { generation, begunAt, ...answer };
  }

  function remember(hostId: string, block: number, snapshot: Snapshot): void {
    const blocks = new Map(remembered.get(hostId));
    // Answers may come in another order than they were asked for.
    if ((blocks.get(block)?.begunAt ?? -Infinity) < snapshot.begunAt)
      remembered.set(hostId, blocks.set(block, snapshot));
  }

  /** Asks for a whole block, and remembers the answer. */
  function askBlock(hostId: string, block: number): Ask<Snapshot> {
    return async (timeoutMs) => {
      const snapshot = await ask(hostId, blockWindow(block), timeoutMs);
      remember(hostId, block, snapshot);
      return snapshot;
    };
  }

  function known(hostId: string, block: number, newerThan: number): Snapshot | undefined {
    const snapshot = remembered.get(hostId)?.get(block);
    if (snapshot === undefined || snapshot.begunAt <= newerThan) return undefined;
    const age = monotonicMs() - snapshot.begunAt;
    if (age >= LIFETIME_MS) return undefined;
    if (age >= REFRESH_AFTER_MS) asks.askAhead(keyOf(hostId, block), REFRESHES_MAX, askBlock(hostId, block));
    return snapshot;
  }

  return {
    async at(hostId, start, newerThan, caller) {
      const block = Math.floor(start / BLOCK_MS);
      const snapshot =
        known(hostId, block, newerThan) ??
        (await asks.answer(keyOf(hostId, block), newerThan, caller, askBlock(hostId, block)));
      if (covers(snapshot, start)) return snapshot;
      // A block with more intervals than one answer holds: ask from where it is needed, and keep the answer to oneself.
      const rest = { start, end: blockWindow(block).end };
      return unlessGone(ask(hostId, rest, timeoutWithin(caller.deadline, PEER_CALL_MAX_MS)), caller);
    },
    has: (hostId, start) => known(hostId, Math.floor(start / BLOCK_MS), -Infinity) !== undefined,
    forget: (hostId) => void remembered.delete(hostId),
  };
}

function keyOf(hostId: string, block: number): string {
  return `${hostId}/${block}`;
}

function covers(snapshot: Snapshot, start: Instant): boolean {
  return snapshot.covered.start <= start && start < snapshot.covered.end;
}

function blockWindow(block: number): Interval {
  return { start: block * BLOCK_MS, end: Math.min((block + 1) * BLOCK_MS, INSTANTS_END - 1) };
}

function sizeCalculation(blocks: ReadonlyMap<number, Snapshot>): number {
  let size = 1;
  for (const snapshot of blocks.values()) size += 1 + snapshot.open.intervals.length;
  return size;
}
