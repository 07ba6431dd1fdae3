/**
 * Hosts' calendars, remembered. The commit of a booking compares a calendar's generation with the host's, under the host's
 * lock: that comparison keeps bookings right, so an old calendar does no harm. Its age is limited for the grid's sake only.
 */

import type { Meter } from "@opentelemetry/api";
import { LRUCache } from "lru-cache";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { INSTANTS_END } from "../../../shared/limits.ts";
import { noTelemetry } from "../../../shared/telemetry/telemetry.ts";
import { peerUnavailable } from "../../../shared/rpc/client.ts";
import type { Calendar } from "../domain/calendar.ts";
import type { AvailabilityPeer } from "./availability.ts";
import { calendarMeasures } from "./measures.ts";
import { type Ask, shareAsks } from "./shared-asks.ts";

export interface RememberedCalendar {
  readonly calendar: Calendar;
  /** When the ask for it began, which was before its generation was noted. On the scale of `monotonicMs`. */
  readonly begunAt: number;
}

export interface Calendars {
  /** A calendar that covers `start`, from an ask begun later than `newerThan`. Throws what `AvailabilityPeer.snapshot` throws. */
  at(hostId: string, start: Instant, newerThan: number, caller: Caller): Promise<RememberedCalendar>;
  /** Whether `at` need not ask, as far as can be told. */
  has(hostId: string, start: Instant): boolean;
  /** Drops what is remembered of a host, so that its next caller need not find out that it is stale. */
  forget(hostId: string): void;
}

/** An addition whose fence call was lost is seen after this long at the latest. */
const LIFETIME_MS = 30_000;
/**
 * A calendar that is older is refreshed in the background when it is used, so that no caller waits for its end. At most
 * REFRESHES_MAX refreshes run at once: hosts that were asked for together would be refreshed together for ever.
 */
const REFRESH_AFTER_MS = 15_000;
const REFRESHES_MAX = 4;
/** Calendars are of whole blocks of time, so that neighbouring requests share them. */
const BLOCK_MS = 92 * DAY_MS;
/** Bound of the memory: intervals, with one more for each calendar ... */
const INTERVALS_MAX = 1_000_000;
/** ... of which one host, however finely its time is cut up, has a small part. */
const CALENDARS_PER_HOST_MAX = 100;

/** What is remembered of a host, by the start of what was asked for, the latest ask last. */
type OfHost = ReadonlyMap<Instant, RememberedCalendar>;

export function rememberCalendars(
  peer: Pick<AvailabilityPeer, "snapshot">,
  noteGeneration: (hostId: string) => Promise<number>,
  meter: Meter = noTelemetry.meter,
): Calendars {
  const remembered = new LRUCache<string, OfHost>({ max: 100_000, maxSize: INTERVALS_MAX, sizeCalculation });
  const asks = shareAsks<RememberedCalendar>();
  const measures = calendarMeasures(meter);
  measures.watch(() => remembered.size);

  /** Asks for all from an instant to the end of its block, and remembers the answer. */
  function askFrom(hostId: string, from: Instant): Ask<RememberedCalendar> {
    return async (timeoutMs, trace) => {
      const begunAt = monotonicMs();
      // The note comes first. After the ask, it could be of a generation whose removal the answer has not seen.
      const generation = await noteGeneration(hostId);
      const leftMs = timeoutWithin(begunAt + timeoutMs, timeoutMs);
      const calendar = await peer.snapshot(hostId, restOfBlock(from), generation, leftMs, trace);
      const answer = { calendar, begunAt };
      remember(hostId, from, answer);
      return answer;
    };
  }

  function remember(hostId: string, from: Instant, answer: RememberedCalendar): void {
    const before = remembered.get(hostId) ?? new Map<Instant, RememberedCalendar>();
    // Answers may come in another order than they were asked for.
    if ((before.get(from)?.begunAt ?? -Infinity) >= answer.begunAt) return;
    const others = [...before].filter(([at, other]) => at !== from && ageOf(other) < LIFETIME_MS);
    remembered.set(hostId, new Map([...others.slice(1 - CALENDARS_PER_HOST_MAX), [from, answer]]));
  }

  function known(hostId: string, from: Instant, newerThan: number): RememberedCalendar | undefined {
    const found = remembered.get(hostId)?.get(from);
    if (found === undefined || found.begunAt <= newerThan) return undefined;
    const age = ageOf(found);
    if (age >= LIFETIME_MS) return undefined;
    if (age >= REFRESH_AFTER_MS) asks.askAhead(keyOf(hostId, from), REFRESHES_MAX, askFrom(hostId, from));
    return found;
  }

  async function find(hostId: string, from: Instant, newerThan: number, caller: Caller): Promise<RememberedCalendar> {
    const found = known(hostId, from, newerThan);
    if (found === undefined) {
      measures.asked();
      return await asks.answer(keyOf(hostId, from), newerThan, caller, askFrom(hostId, from));
    }
    measures.used(ageOf(found));
    return found;
  }

  return {
    async at(hostId, start, newerThan, caller) {
      for (const from of startsFor(start)) {
        const found = await find(hostId, from, newerThan, caller);
        if (covers(found, start)) return found;
      }
      throw peerUnavailable(
        "availability",
        new Error("the answer does not cover the instant from which it was asked for"),
      );
    },
    has: (hostId, start) =>
      startsFor(start).some((from) => {
        const found = known(hostId, from, -Infinity);
        return found !== undefined && covers(found, start);
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

function ageOf({ begunAt }: RememberedCalendar): number {
  return monotonicMs() - begunAt;
}

function covers({ calendar: { covered } }: RememberedCalendar, start: Instant): boolean {
  return covered.start <= start && start < covered.end;
}

function restOfBlock(from: Instant): Interval {
  return { start: from, end: Math.min(from - (from % BLOCK_MS) + BLOCK_MS, INSTANTS_END - 1) };
}

function sizeCalculation(ofHost: OfHost): number {
  let size = 1;
  for (const { calendar } of ofHost.values()) size += 1 + calendar.intervals.length;
  return size;
}
