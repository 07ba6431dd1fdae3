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
export function slotsOf(open: OpenQuarters, slotQuarters: number, length = slotQuarters): Interval[] {
  return intervalsOf(open).flatMap((each) => slotsIn(each, slotQuarters, length));
}

/** `length`: of what begins on each line of the grid and is to lie within the interval. */
export function slotsIn(interval: Interval, slotQuarters: number, length = slotQuarters): Interval[] {
  return quartersIn(interval)
    .filter((start) => (start - interval.start) % slotQuarters === 0 && start + length <= interval.end)
    .map((start) => ({ start, end: start + length }));
}

/** Why `during` is not made of whole slots of one interval. Of a booking that keeps its start, only the end is asked about. */
export function misfitOf(
  open: OpenQuarters,
  slotQuarters: number,
  during: Interval,
  keepsStart: boolean,
): string | undefined {
  const around = intervalsOf(open).find(({ start, end }) => start <= during.start && during.end <= end);
  // One that is shorter than a slot holds nothing.
  if (around === undefined || around.end - around.start < slotQuarters) return "OUTSIDE_AVAILABILITY";
  const slots = slotsOf(open, slotQuarters);
  const startsOnGrid = keepsStart || slots.some((slot) => slot.start === during.start);
  const endsOnGrid = slots.some((slot) => slot.end === during.end);
  return startsOnGrid && endsOnGrid ? undefined : "OFF_GRID";
}
