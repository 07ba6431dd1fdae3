/** Times as sets of quarters: slow, and too simple to be wrong. */

import type { Interval } from "../../shared/interval.ts";

export type OpenQuarters = ReadonlySet<number>;

export function quartersIn({ start, end }: Interval): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

export function add(open: OpenQuarters, during: Interval): OpenQuarters {
  return new Set([...open, ...quartersIn(during)]);
}

export function remove(open: OpenQuarters, during: Interval): OpenQuarters {
  // The range may span a century: it is not counted out.
  return new Set([...open].filter((quarter) => quarter < during.start || quarter >= during.end));
}

/** A time as intervals that neither overlap nor touch, by start. */
export function intervalsOf(open: OpenQuarters): Interval[] {
  const starts = [...open].filter((quarter) => !open.has(quarter - 1)).toSorted((a, b) => a - b);
  const ends = [...open].filter((quarter) => !open.has(quarter + 1)).toSorted((a, b) => a - b);
  return starts.map((start, index) => ({ start, end: (ends[index] ?? start) + 1 }));
}

/** The slots of the open time, booked or not: the grid of each interval starts at the interval's own start. */
export function slotsOf(open: OpenQuarters, slotQuarters: number): Interval[] {
  return intervalsOf(open).flatMap((each) => slotsIn(each, slotQuarters));
}

export function slotsIn(interval: Interval, slotQuarters: number): Interval[] {
  return quartersIn(interval)
    .filter((start) => (start - interval.start) % slotQuarters === 0 && start + slotQuarters <= interval.end)
    .map((start) => ({ start, end: start + slotQuarters }));
}

/** Why `during` is not made of whole slots of one interval. */
export function misfitOf(open: OpenQuarters, slotQuarters: number, during: Interval): string | undefined {
  const around = intervalsOf(open).find(({ start, end }) => start <= during.start && during.end <= end);
  // One that is shorter than a slot holds nothing.
  if (around === undefined || around.end - around.start < slotQuarters) return "OUTSIDE_AVAILABILITY";
  const slots = slotsOf(open, slotQuarters);
  const startsOnGrid = slots.some((slot) => slot.start === during.start);
  const endsOnGrid = slots.some((slot) => slot.end === during.end);
  return startsOnGrid && endsOnGrid ? undefined : "OFF_GRID";
}
