/**
 * What a host offers, and the one question about it: what stands in the way of a candidate? Listing asks it of every slot
 * and booking of what a caller wants, so every slot that is listed can be booked, and a new rule is one line in `obstacle`.
 */

import type { Refusal } from "../../../shared/errors.ts";
import { contains, type Instant, type Interval, overlaps } from "../../../shared/interval.ts";
import { endInPast, offGrid, outsideAvailability, slotTaken, startInPast, tooFar, tooSoon } from "./refusals.ts";
import { occupied, type Rules, startsWithin } from "./rules.ts";
import { firstEnd, openSeats, type Taken, walkAlong } from "./seats.ts";

/** A stretch of open time, and the grid on which its slots lie. */
export interface OpenInterval extends Interval {
  /** Where the grid begins: where the host's time opened, which may be long before `start`. */
  readonly origin: Instant;
}

/**
 * A host's open time and rules, as Availability told them. Plain data: it is remembered, and commands carry it to their
 * decision.
 */
export interface Calendar {
  /** The host's generation, noted *before* Availability was asked. The calendar holds for as long as the host has it. */
  readonly generation: number;
  /** The window that `intervals` are complete for. */
  readonly covered: Interval;
  /**
   * By start. They neither overlap nor touch. Each is cut at the start of `covered`, and at its end not before
   * BOOKING_MAX_MS have passed: a candidate that starts in `covered` lies in one of them if and only if the host is open for
   * all of it.
   */
  readonly intervals: readonly OpenInterval[];
  readonly rules: Rules;
}

/** How a candidate is asked about. */
export interface Terms {
  readonly now: Instant;
  readonly ignoresNotice: boolean;
  /** Of a booking that keeps its start: that is not asked again, and may have come. */
  readonly keepsStart?: boolean;
}

/** What forbids a candidate. */
interface Obstacle {
  readonly refusal: () => Refusal;
  /** Candidates of the same length that start later, in the same open interval, meet it too if they start before this. */
  readonly until: Instant;
}

/**
 * The first rule that forbids a candidate; undefined if it can be booked. `available` is the first open interval that ends
 * after the candidate's start, and `inTheWay` all that is taken at some moment of its occupied time.
 */
function obstacle(
  { rules }: Calendar,
  candidate: Interval,
  { now, ignoresNotice, keepsStart = false }: Terms,
  available: OpenInterval | undefined,
  inTheWay: readonly Taken[],
): Obstacle | undefined {
  const { start, end } = candidate;
  const { soonest, latest } = startsWithin(rules, { now, ignoresNotice });
  if (available === undefined || !contains(available, candidate))
    return { refusal: outsideAvailability, until: Infinity };
  if (!isOnGrid(available, rules, candidate, keepsStart)) return { refusal: offGrid, until: start };
  if (keepsStart && end <= now) return { refusal: endInPast, until: now };
  if (!keepsStart && start < now) return { refusal: startInPast, until: now };
  if (start < soonest && !keepsStart) return { refusal: () => tooSoon(soonest), until: soonest };
  if (start > latest && !keepsStart) return { refusal: () => tooFar(latest), until: Infinity };
  if (openSeats(rules.seats, inTheWay) < 1)
    return { refusal: slotTaken, until: firstEnd(inTheWay) + rules.bufferBeforeMs };
  return undefined;
}

/**
 * The first line of the grid that is neither before `instant` nor before the open interval. Lines are drawn at the origin and
 * at every slot's length after it; a slot lies between two neighbours.
 */
function gridLine({ start, origin }: OpenInterval, { slotMs }: Rules, instant: Instant): Instant {
  return origin + Math.ceil((Math.max(start, instant) - origin) / slotMs) * slotMs;
}

/** Whether a candidate within `available` is made of whole slots. */
function isOnGrid(available: OpenInterval, rules: Rules, { start, end }: Interval, keepsStart: boolean): boolean {
  return (keepsStart || gridLine(available, rules, start) === start) && gridLine(available, rules, end) === end;
}

/**
 * Why a candidate cannot be booked; undefined if it can. The calendar covers the candidate's start. `taken` holds the occupied
 * time of the active bookings that may be in the way, in any order.
 */
export function refusal(
  calendar: Calendar,
  candidate: Interval,
  terms: Terms,
  taken: readonly Taken[],
): Refusal | undefined {
  const available = calendar.intervals[firstEndingAfter(calendar.intervals, candidate.start)];
  const around = occupied(calendar.rules, candidate);
  const inTheWay = taken.filter((each) => overlaps(each, around));
  return obstacle(calendar, candidate, terms, available, inTheWay)?.refusal();
}

/**
 * Whether a newer calendar of the same generation might allow what was refused. Open time may have been added without a word;
 * rules change only behind a fence, so a calendar that has other ones than the host is stale before it is asked.
 */
export function isAboutOpenTime({ reason }: Refusal): boolean {
  return reason === "OUTSIDE_AVAILABILITY" || reason === "OFF_GRID";
}

/** Time that can be booked. */
export interface OpenSlot extends Interval {
  readonly openSeats: number;
}

/** Which slots are asked for. */
export interface Wanted {
  readonly window: Interval;
  /** How long a booking is to be; undefined: one slot. */
  readonly durationMs?: number | undefined;
  /** The most that are listed. */
  readonly most?: number;
}

/**
 * The first slots that can be booked and start in the window and in what the calendar covers, by start. `taken` is by start
 * and holds all that is taken at some moment of their occupied time. Intervals and what is taken are walked once.
 */
export function slots(calendar: Calendar, wanted: Wanted, terms: Terms, taken: readonly Taken[]): OpenSlot[] {
  const { intervals, rules, covered } = calendar;
  const { window, durationMs = rules.slotMs, most = Infinity } = wanted;
  const from = Math.max(window.start, covered.start);
  const to = Math.min(window.end, covered.end);
  const found: OpenSlot[] = [];
  const takenAround = walkAlong(taken);
  for (let index = firstEndingAfter(intervals, from); index < intervals.length; index += 1) {
    const available = intervals[index] as OpenInterval;
    let start = gridLine(available, rules, from);
    while (start < to && start < available.end && found.length < most) {
      const candidate = { start, end: start + durationMs };
      const inTheWay = takenAround(occupied(rules, candidate));
      const forbids = obstacle(calendar, candidate, terms, available, inTheWay);
      if (forbids === undefined) found.push({ ...candidate, openSeats: openSeats(rules.seats, inTheWay) });
      start = gridLine(available, rules, Math.max(start + 1, forbids?.until ?? start));
    }
    if (available.end >= to || found.length >= most) break;
  }
  return found;
}

/** How far the first slots of a window reach, booked or not. */
export interface Stretch {
  /** Behind the start of the last of them; the window's end where it has no more. */
  readonly end: Instant;
  /** How many there are, at most as many as were asked for. */
  readonly count: number;
}

/** Where the first `count` slots of a window start that lie in what the calendar covers. It takes as long as there are intervals. */
export function stretchOf({ intervals, rules, covered }: Calendar, window: Interval, most: number): Stretch {
  const to = Math.min(window.end, covered.end);
  let count = 0;
  for (let index = firstEndingAfter(intervals, window.start); index < intervals.length; index += 1) {
    const available = intervals[index] as OpenInterval;
    if (available.start >= to) break;
    const first = gridLine(available, rules, window.start);
    const here = Math.max(0, Math.ceil((Math.min(available.end, to) - first) / rules.slotMs));
    if (count + here >= most) return { end: first + (most - count - 1) * rules.slotMs + 1, count: most };
    count += here;
  }
  return { end: to, count };
}

/** Where the first interval is that ends after `instant`. `sorted` is by start, and its intervals do not overlap. */
function firstEndingAfter(sorted: readonly Interval[], instant: Instant): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Interval).end > instant) high = middle;
    else low = middle + 1;
  }
  return low;
}
