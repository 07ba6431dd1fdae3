/**
 * What a host offers, and the one question about it: what stands in the way of a candidate? Listing asks it of every slot
 * and booking of what a caller wants, so every slot that is listed can be booked, and a new rule is one line in `obstacle`.
 */

import type { Refusal } from "../../../shared/errors.ts";
import { contains, type Instant, type Interval, overlaps } from "../../../shared/interval.ts";
import { offGrid, outsideAvailability, slotTaken, startInPast } from "./refusals.ts";

/** A stretch of open time, and the grid on which its slots lie. */
export interface OpenInterval extends Interval {
  /** Where the grid begins: where the host's time opened, which may be long before `start`. */
  readonly origin: Instant;
}

/** A host's open time, as Availability told it. Plain data: it is remembered, and commands carry it to their decision. */
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
  /** The length of one slot. It has no meaning where there are no intervals. */
  readonly slotMs: number;
}

type Obstacle = "OUTSIDE_AVAILABILITY" | "OFF_GRID" | "START_IN_PAST" | "SLOT_TAKEN";

const refusals: Record<Obstacle, () => Refusal> = {
  OUTSIDE_AVAILABILITY: outsideAvailability,
  OFF_GRID: offGrid,
  START_IN_PAST: startInPast,
  SLOT_TAKEN: slotTaken,
};

/**
 * The first rule that forbids a candidate; undefined if it can be booked. `available` is the first open interval that ends
 * after the candidate's start, and `booked` the first booking that does: if these do not matter, no later ones do.
 */
function obstacle(
  { slotMs }: Calendar,
  candidate: Interval,
  now: Instant,
  available: OpenInterval | undefined,
  booked: Interval | undefined,
): Obstacle | undefined {
  if (available === undefined || !contains(available, candidate)) return "OUTSIDE_AVAILABILITY";
  if (!isOnGrid(available, slotMs, candidate)) return "OFF_GRID";
  if (candidate.start < now) return "START_IN_PAST";
  if (booked !== undefined && overlaps(booked, candidate)) return "SLOT_TAKEN";
  return undefined;
}

/**
 * The first line of the grid that is neither before `instant` nor before the open interval. Lines are drawn at the origin and
 * at every slot's length after it; a slot lies between two neighbours.
 */
function gridLine({ start, origin }: OpenInterval, slotMs: number, instant: Instant): Instant {
  return origin + Math.ceil((Math.max(start, instant) - origin) / slotMs) * slotMs;
}

/** Whether a candidate within `available` is made of whole slots. */
function isOnGrid(available: OpenInterval, slotMs: number, { start, end }: Interval): boolean {
  return gridLine(available, slotMs, start) === start && gridLine(available, slotMs, end) === end;
}

/**
 * Why a candidate cannot be booked; undefined if it can. The calendar covers the candidate's start. `booked` holds the
 * active bookings that may be in the way, by start; they do not overlap each other.
 */
export function refusal(
  calendar: Calendar,
  candidate: Interval,
  now: Instant,
  booked: readonly Interval[],
): Refusal | undefined {
  const available = calendar.intervals[firstEndingAfter(calendar.intervals, candidate.start)];
  const nearest = booked[firstEndingAfter(booked, candidate.start)];
  const found = obstacle(calendar, candidate, now, available, nearest);
  return found === undefined ? undefined : refusals[found]();
}

/** Whether a newer calendar might allow what was refused: neither the clock nor another booking forbids it. */
export function isAboutOpenTime({ reason }: Refusal): boolean {
  return reason === "OUTSIDE_AVAILABILITY" || reason === "OFF_GRID";
}

/**
 * The first slots, at most `most`, that can be booked and start in the window and in what the calendar covers, by start.
 * `booked` holds the active bookings, by start; they do not overlap each other. Intervals and bookings are walked once.
 */
export function slots(
  calendar: Calendar,
  window: Interval,
  now: Instant,
  booked: readonly Interval[],
  most = Infinity,
): Interval[] {
  const { intervals, slotMs, covered } = calendar;
  const from = Math.max(window.start, covered.start);
  const to = Math.min(window.end, covered.end);
  const found: Interval[] = [];
  let next = firstEndingAfter(booked, from);
  for (let index = firstEndingAfter(intervals, from); index < intervals.length; index += 1) {
    const available = intervals[index] as OpenInterval;
    let start = gridLine(available, slotMs, from);
    while (start < to && start < available.end && found.length < most) {
      const slot = { start, end: gridLine(available, slotMs, start + 1) };
      while ((booked[next]?.end ?? Infinity) <= start) next += 1;
      if (obstacle(calendar, slot, now, available, booked[next]) === undefined) found.push(slot);
      start = slot.end;
    }
    if (available.end >= to || found.length >= most) break;
  }
  return found;
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
