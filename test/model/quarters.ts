/**
 * The scale of the model: whole quarters of an hour, counted from the first hour of a day ahead. What is far below zero is in
 * the past. Few of them are used, so that what is asked for collides often, and a failure prints small numbers.
 */

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Instant, Interval } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";

const QUARTER_MS = 15 * MINUTE_MS;
export const QUARTERS_A_DAY = DAY_MS / QUARTER_MS;
/** So far ahead that no hold is cut short by its start, and so near that weekly hours can have begun. */
const DATE_AHEAD = Math.floor(Date.now() / DAY_MS) * DAY_MS + 4 * DAY_MS;
/** In the evening of UTC: the six hours from here cross midnight in Berlin, begin before it in Nepal, and are noon in New York. */
const DAY_AHEAD = DATE_AHEAD + 18 * HOUR_MS;

/** The quarters of the day ahead that the tests use: six hours. */
export const AHEAD: Interval = { start: 0, end: 24 };
/** With a day before and after: no earlier quarter is asked for that is ahead. */
export const AROUND: Interval = { start: -QUARTERS_A_DAY, end: AHEAD.end + QUARTERS_A_DAY };
/** Six hours of a day years ago. */
const LONG_AGO = -2000 * QUARTERS_A_DAY;
export const PAST: Interval = { start: LONG_AGO, end: LONG_AGO + 24 };

/** The last instant of the contract, with which open time is told to end that never ends. No quarter ends there. */
export const END_OF_TIME = quarterOf(Date.UTC(2200, 0, 1) - 1);

export function instantOf(quarter: number): Instant {
  return DAY_AHEAD + quarter * QUARTER_MS;
}

export function quarterOf(instant: Instant): number {
  return (instant - DAY_AHEAD) / QUARTER_MS;
}

/** A date, counted from the one in UTC of the day ahead: -5 is yesterday. */
export function dateOf(day: number): string {
  return new Date(DATE_AHEAD + day * DAY_MS).toISOString().slice(0, 10);
}

/** Quarters as the two fields that an interval has in every request. */
export function times({ start, end }: Interval): { readonly startTime: Timestamp; readonly endTime: Timestamp } {
  return { startTime: timestampFromMs(instantOf(start)), endTime: timestampFromMs(instantOf(end)) };
}

/** The interval of a message that has one. */
export function quartersOf(message: {
  readonly startTime?: Timestamp | undefined;
  readonly endTime?: Timestamp | undefined;
}): Interval {
  const { startTime, endTime } = message;
  if (startTime === undefined || endTime === undefined) throw new Error("a message without its times");
  return { start: quarterOf(timestampMs(startTime)), end: quarterOf(timestampMs(endTime)) };
}
