/** Open time as it is derived from what is stored. */

import type { Instant, Interval } from "../../../shared/interval.ts";
import { BOOKING_MAX_MS, FIRST_INSTANT } from "../../../shared/limits.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/time-units.ts";
import { openTime } from "../domain/open-time.ts";
import { closuresMeeting, exceptionsMeeting, intentAround } from "./exceptions.ts";
import type { Host, Run } from "./hosts.ts";

/** Of a window. Without a limit of its own, one host's many exceptions would be read at once. */
const EXCEPTIONS_MAX = 1000;
/** How far a look along a run of open time reaches. Each further one reaches four times as far as the one before, up to the most. */
const FIRST_LOOK_MS = 32 * DAY_MS;
const LOOK_MAX_MS = 2048 * DAY_MS;

export interface Wanted {
  readonly window: Interval;
  /** The most intervals; the window is covered as far as they reach. */
  readonly limit: number;
  /** Open time is followed so far, beyond the window's end. */
  readonly until: Instant;
  /** Leave out what is shorter than a slot, as far as that is known without reading it. */
  readonly isForBooking?: boolean;
}

export interface OpenTime {
  /** The intervals that meet the covered window, by start. Each starts where its run of open time does. */
  readonly intervals: readonly Interval[];
  /** The window, or its beginning where it holds more than can be told at once. */
  readonly covered: Interval;
}

/**
 * A host's open time that meets a window. The work is bounded by `limit` and the length of the window, whatever the host's
 * history; only a run of open time that openings or the clock round make long is followed to its ends, in ever longer looks, each of
 * which reads all exceptions in its reach.
 */
export async function openTimeMeeting(run: Run, host: Host, wanted: Wanted): Promise<OpenTime> {
  const { window, limit, until, isForBooking = false } = wanted;
  const hasHours = host.periods.length > 0;
  const shortestMs = isForBooking && !hasHours ? (host.rules.slotDurationMinutes ?? 0) * MINUTE_MS : 0;
  const most = hasHours ? EXCEPTIONS_MAX : limit;
  // In the same query what a booking may need that starts in the window's last moment.
  const read = { start: window.start, end: Math.min(window.end + BOOKING_MAX_MS, until) };
  const selection = { hostId: host.id, window: read, limit: most + 1, shortestMs };
  const openings = await exceptionsMeeting(run, "openings", selection);
  // Without weekly hours the openings are all that is open.
  if (!hasHours) return asCovered(openings, window, limit);
  const closures = await closuresMeeting(run, host, selection);
  // Where there are more exceptions than were read, nothing is known behind the last.
  const end = Math.min(read.end, ...[openings[most], closures[most]].map((more) => more?.start ?? Infinity));
  const known = { start: window.start, end };
  const open = openTime({ periods: host.periods, openings, closures }, known);
  const covered = { start: window.start, end: Math.min(window.end, end) };
  const met = asCovered(open, covered, limit);
  const [first, last] = [met.intervals[0], met.intervals.at(-1)];
  if (first === undefined || last === undefined) return met;
  const start = first.start === window.start ? await startOfRun(run, host, first.start) : first.start;
  const lastEnd = last.end === end && end < until ? await endOfRun(run, host, end, until) : last.end;
  return {
    covered: met.covered,
    intervals: met.intervals.map((each) => ({
      start: each === first ? start : each.start,
      end: each === last ? lastEnd : each.end,
    })),
  };
}

function asCovered(intervals: readonly Interval[], window: Interval, limit: number): OpenTime {
  const met = intervals.filter(({ start }) => start < window.end);
  const leftOut = met[limit];
  return {
    intervals: met.slice(0, limit),
    covered: leftOut === undefined ? window : { start: window.start, end: leftOut.start },
  };
}

/** Where the run of open time begins that goes on at `instant`. */
async function startOfRun(run: Run, host: Host, instant: Instant): Promise<Instant> {
  let start = instant;
  for (let lookMs = FIRST_LOOK_MS; start > FIRST_INSTANT; lookMs = Math.min(lookMs * 4, LOOK_MAX_MS)) {
    const before = { start: Math.max(start - lookMs, FIRST_INSTANT), end: start };
    const last = openTime(await intentAround(run, host, before), before).at(-1);
    if (last === undefined || last.end < start) return start;
    start = last.start;
    if (start > before.start) return start;
  }
  return start;
}

/** Where the run of open time ends that goes on until `instant`; `until` if it goes on for longer. */
async function endOfRun(run: Run, host: Host, instant: Instant, until: Instant): Promise<Instant> {
  let end = instant;
  for (let lookMs = FIRST_LOOK_MS; end < until; lookMs = Math.min(lookMs * 4, LOOK_MAX_MS)) {
    const after = { start: end, end: Math.min(end + lookMs, until) };
    const [first] = openTime(await intentAround(run, host, after), after);
    if (first === undefined || first.start > end) return end;
    end = first.end;
    if (end < after.end) return end;
  }
  return end;
}
