/**
 * What Availability said of hosts' time, remembered together with the generation of the host that was noted *before* it was
 * asked. Whoever uses a snapshot compares that generation under the host's lock: it is the comparison that keeps bookings
 * right, so a snapshot here may be as old as it likes without harm. Its age is limited for the grid's sake only.
 */

import { LRUCache } from "lru-cache";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { INSTANTS_END } from "../../../shared/limits.ts";
import { peerUnavailable } from "../../../shared/rpc/client.ts";
import type { OpenTime } from "../domain/slots.ts";
import type { AvailabilityPeer } from "./availability.ts";
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
/** Bound of the memory: intervals, with one more for each snapshot ... */
const INTERVALS_MAX = 1_000_000;
/** ... of which one host, however finely its time is cut up, has a small part. */
const SNAPSHOTS_PER_HOST_MAX = 100;

/** What is remembered of a host, by the start of what each snapshot was asked for, the latest last. */
type OfHost = ReadonlyMap<Instant, Snapshot>;

export function rememberSnapshots(
  peer: AvailabilityPeer,
  noteGeneration: (hostId: string) => Promise<number>,
): Snapshots {
  const remembered = new LRUCache<string, OfHost>({ max: 100_000, maxSize: INTERVALS_MAX, sizeCalculation });
  const asks = shareAsks<Snapshot>();

  /** Asks for all from an instant to the end of its block, and remembers the answer. */
  function askFrom(hostId: string, from: Instant): Ask<Snapshot> {
    return async (timeoutMs) => {
      const begunAt = monotonicMs();
      // The note comes first. After the ask, it could be of a generation whose removal the answer has not seen.
      const generation = await noteGeneration(hostId);
      const leftMs = timeoutWithin(begunAt + timeoutMs, timeoutMs);
      const answer = await peer.snapshot(hostId, restOfBlock(from), generation, leftMs);
      const snapshot = { generation, begunAt, ...answer };
      remember(hostId, from, snapshot);
      return snapshot;
    };
  }

  function remember(hostId: string, from: Instant, snapshot: Snapshot): void {
    const before = remembered.get(hostId) ?? new Map<Instant, Snapshot>();
    // Answers may come in another order than they were asked for.
    if ((before.get(from)?.begunAt ?? -Infinity) >= snapshot.begunAt) return;
    const others = [...before].filter(([at, other]) => at !== from && ageOf(other) < LIFETIME_MS);
    remembered.set(hostId, new Map([...others.slice(1 - SNAPSHOTS_PER_HOST_MAX), [from, snapshot]]));
  }

  function known(hostId: string, from: Instant, newerThan: number): Snapshot | undefined {
    const snapshot = remembered.get(hostId)?.get(from);
    if (snapshot === undefined || snapshot.begunAt <= newerThan) return undefined;
    const age = ageOf(snapshot);
    if (age >= LIFETIME_MS) return undefined;
    if (age >= REFRESH_AFTER_MS) asks.askAhead(keyOf(hostId, from), REFRESHES_MAX, askFrom(hostId, from));
    return snapshot;
  }

  return {
    async at(hostId, start, newerThan, caller) {
      for (const from of startsFor(start)) {
        const snapshot =
          known(hostId, from, newerThan) ??
          (await asks.answer(keyOf(hostId, from), newerThan, caller, askFrom(hostId, from)));
        if (covers(snapshot, start)) return snapshot;
      }
      throw peerUnavailable(
        "availability",
        new Error("the answer does not cover the instant from which it was asked for"),
      );
    },
    has: (hostId, start) =>
      startsFor(start).some((from) => {
        const snapshot = known(hostId, from, -Infinity);
        return snapshot !== undefined && covers(snapshot, start);
      }),
    forget: (hostId) => void remembered.delete(hostId),
  };
}

/**
 * From where to ask for what lies around `start`, from wide to narrow. One answer holds most hosts' whole block. Where it
 * does not come as far as `start`, the host is asked for the day, which its neighbours share too; and if even that is too
 * much, from `start` itself, which cannot fail.
 */
function startsFor(start: Instant): readonly Instant[] {
  return [start - (start % BLOCK_MS), start - (start % DAY_MS), start];
}

function keyOf(hostId: string, from: Instant): string {
  return `${hostId}/${from}`;
}

function ageOf(snapshot: Snapshot): number {
  return monotonicMs() - snapshot.begunAt;
}

function covers(snapshot: Snapshot, start: Instant): boolean {
  return snapshot.covered.start <= start && start < snapshot.covered.end;
}

function restOfBlock(from: Instant): Interval {
  return { start: from, end: Math.min(from - (from % BLOCK_MS) + BLOCK_MS, INSTANTS_END - 1) };
}

function sizeCalculation(snapshots: OfHost): number {
  let size = 1;
  for (const snapshot of snapshots.values()) size += 1 + snapshot.open.intervals.length;
  return size;
}
