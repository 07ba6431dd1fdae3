/**
 * The slot grid and what is open on it. Listing and booking both go through `isOpen` and `gridOf`, so that no slot is
 * offered that cannot be booked, and the boundary between past and future is drawn once.
 */

import { contains, duration, type Instant, type Interval, overlaps } from "../../../shared/interval.ts";

/** What Availability said of a host's time. `intervals` are by start and neither overlap nor touch. */
export interface OpenTime {
  readonly intervals: readonly Interval[];
  /** The length of one slot. Of no meaning where there are no intervals. */
  readonly slotMs: number;
}

/** Why availability does not allow a candidate. */
export type Misfit = "OUTSIDE_AVAILABILITY" | "OFF_GRID";

/**
 * The grid of an availability interval starts at the interval's start, so this is the index of the first slot that starts
 * at `instant` or later.
 */
function firstSlotFrom(available: Interval, slotMs: number, instant: Instant): number {
  return Math.max(0, Math.ceil((instant - available.start) / slotMs));
}

/** Why `candidate` is not made of whole consecutive slots of one availability interval; undefined if it is. */
export function misfit(open: OpenTime, candidate: Interval): Misfit | undefined {
  const available = open.intervals.find((each) => contains(each, candidate));
  if (available === undefined) return "OUTSIDE_AVAILABILITY";
  const onGrid = (candidate.start - available.start) % open.slotMs === 0 && duration(candidate) % open.slotMs === 0;
  return onGrid ? undefined : "OFF_GRID";
}

/** Whether the time may still be booked as far as the clock is concerned: it starts now or later. */
export function startsInTime(candidate: Interval, now: Instant): boolean {
  return candidate.start >= now;
}

/** Whether a candidate on the grid can be booked: it starts now or later, and no active booking overlaps it. */
export function isOpen(candidate: Interval, active: Iterable<Interval>, now: Instant): boolean {
  if (!startsInTime(candidate, now)) return false;
  for (const booked of active) if (overlaps(candidate, booked)) return false;
  return true;
}

/** The first `count` slots that start in `window`, booked or not, by start. */
export function slotsIn(open: OpenTime, window: Interval, count: number): Interval[] {
  const slots: Interval[] = [];
  for (const available of open.intervals) {
    if (available.start >= window.end) break;
    if (available.end <= window.start) continue;
    const offset = firstSlotFrom(available, open.slotMs, window.start) * open.slotMs;
    for (let start = available.start + offset; start < window.end; start += open.slotMs) {
      const end = start + open.slotMs;
      if (end > available.end) break;
      if (slots.length === count) return slots;
      slots.push({ start, end });
    }
  }
  return slots;
}

/**
 * Those of `slots` that can be booked. Both lists are by start; `active` are the intervals of active bookings, which never
 * overlap, so one walk over both is enough.
 */
export function openSlots(slots: readonly Interval[], active: readonly Interval[], now: Instant): Interval[] {
  const open: Interval[] = [];
  let first = 0;
  for (const slot of slots) {
    // Bookings that end before this slot end before all later ones.
    while ((active[first]?.end ?? Infinity) <= slot.start) first += 1;
    // The first that is left is the earliest that can be in the way; if it is not, no later one is.
    const nearest = active[first];
    if (isOpen(slot, nearest === undefined ? [] : [nearest], now)) open.push(slot);
  }
  return open;
}
