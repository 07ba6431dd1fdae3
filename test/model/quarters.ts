/**
 * The scale of the model: whole quarters of an hour, counted from the first hour of a day far ahead. What is below zero is
 * in the past. Few of them are used, so that what is asked for collides often, and a failure prints small numbers.
 */

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Instant, Interval } from "../../shared/interval.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";

const QUARTER_MS = 15 * MINUTE_MS;
const DAY_AHEAD = Date.UTC(2150, 5, 1);

/** The quarters of the day ahead that the tests use: six hours. */
export const AHEAD: Interval = { start: 0, end: 24 };
/** Six hours of a day in 2021. */
const LONG_AGO = -47_000 * 96;
export const PAST: Interval = { start: LONG_AGO, end: LONG_AGO + 24 };

function instantOf(quarter: number): Instant {
  return DAY_AHEAD + quarter * QUARTER_MS;
}

export function quarterOf(instant: Instant): number {
  return (instant - DAY_AHEAD) / QUARTER_MS;
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
