/** Which seats of a host are taken. A host that takes one booking at a time has one seat. */

import type { Instant, Interval } from "../../../shared/interval.ts";

/** A stretch of time in which a seat is taken: the occupied time of a booking, or of several that follow one another. */
export interface Taken extends Interval {
  readonly seat: number;
}

/**
 * How many of `seats` can still be booked, given all that is taken at some moment of a candidate's occupied time. Also a seat
 * that the host no longer has counts, if a booking is in it: so none is accepted while there are as many as seats, and where
 * one is open, one that the host has is free.
 */
export function openSeats(seats: number, inTheWay: readonly Taken[]): number {
  return seats - (inTheWay.length < 2 ? inTheWay.length : new Set(inTheWay.map(({ seat }) => seat)).size);
}

/** The seat of a new booking, where one is open: `preferred` if it is free and there is such a seat, else the lowest. */
export function freeSeat(seats: number, inTheWay: readonly Taken[], preferred = 1): number {
  const taken = new Set(inTheWay.map(({ seat }) => seat));
  if (preferred <= seats && !taken.has(preferred)) return preferred;
  let lowest = 1;
  while (taken.has(lowest)) lowest += 1;
  return lowest;
}

/** The end of what ends first. Before, all of it is in the way of every later candidate of the same length too. */
export function firstEnd(inTheWay: readonly Taken[]): Instant {
  return inTheWay.reduce((first, { end }) => Math.min(first, end), Infinity);
}

/** Walks along what is taken, which is by start, for candidates each of which begins and ends later than the one before. */
export function walkAlong(taken: readonly Taken[]): (candidate: Interval) => readonly Taken[] {
  let next = 0;
  let around: Taken[] = [];
  return ({ start, end }) => {
    for (; (taken[next]?.start ?? Infinity) < end; next += 1) around.push(taken[next] as Taken);
    if (around.length > 0) around = around.filter((each) => each.end > start);
    return around;
  };
}
