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

interface Ask {
  readonly begunAt: number;
  readonly answer: Promise<Snapshot>;
}

export function rememberSnapshots(
  peer: AvailabilityPeer,
  noteGeneration: (hostId: string) => Promise<number>,
): Snapshots {
  const remembered = new LRUCache<string, Map<number, Snapshot>>({
    max: 100_000,
    maxSize: INTERVALS_MAX,
    sizeCalculation,
  });
  const underWay = new Map<string, Ask>();

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
  async function askBlock(hostId: string, block: number, timeoutMs: number): Promise<Snapshot> {
    const snapshot = await ask(hostId, blockWindow(block), timeoutMs);
    remember(hostId, block, snapshot);
    return snapshot;
  }

  /** Asks for a whole block on behalf of everybody who comes while it is under way. */
  function shared(hostId: string, block: number): Promise<Snapshot> {
    const key = `${hostId}/${block}`;
    const begunAt = monotonicMs();
    const answer = askBlock(hostId, block, PEER_CALL_MAX_MS);
    const begun = { begunAt, answer };
    underWay.set(key, begun);
    const done = (): void => {
      if (underWay.get(key) === begun) underWay.delete(key);
    };
    answer.then(done, done);
    return answer;
  }

  function known(hostId: string, block: number, newerThan: number): Snapshot | undefined {
    const snapshot = remembered.get(hostId)?.get(block);
    if (snapshot === undefined || snapshot.begunAt <= newerThan) return undefined;
    const age = monotonicMs() - snapshot.begunAt;
    if (age >= LIFETIME_MS) return undefined;
    if (age >= REFRESH_AFTER_MS) refresh(hostId, block);
    return snapshot;
  }

  function refresh(hostId: string, block: number): void {
    if (underWay.size >= REFRESHES_MAX || underWay.has(`${hostId}/${block}`)) return;
    // If it fails, so will the ask that somebody waits for, unless all is well again by then.
    shared(hostId, block).catch(() => undefined);
  }

  function whole(hostId: string, block: number, newerThan: number, caller: Caller): Promise<Snapshot> {
    // With less than the whole time, the ask is the caller's own: its deadline must not end what others share.
    const leftMs = timeLeftMs(caller);
    if (leftMs < PEER_CALL_MAX_MS) return askBlock(hostId, block, leftMs);
    const joined = underWay.get(`${hostId}/${block}`);
    return joined !== undefined && joined.begunAt > newerThan ? joined.answer : shared(hostId, block);
  }

  return {
    async at(hostId, start, newerThan, caller) {
      const block = Math.floor(start / BLOCK_MS);
      const snapshot =
        known(hostId, block, newerThan) ?? (await unlessGone(whole(hostId, block, newerThan, caller), caller));
      if (covers(snapshot, start)) return snapshot;
      // A block with more intervals than one answer holds: ask from where it is needed, and keep the answer to oneself.
      const rest = { start, end: blockWindow(block).end };
      return unlessGone(ask(hostId, rest, timeLeftMs(caller)), caller);
    },
    has: (hostId, start) => known(hostId, Math.floor(start / BLOCK_MS), -Infinity) !== undefined,
    forget: (hostId) => void remembered.delete(hostId),
  };
}

function timeLeftMs(caller: Caller): number {
  return timeoutWithin(caller.deadline, PEER_CALL_MAX_MS);
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
