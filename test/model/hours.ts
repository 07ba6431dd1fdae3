/** The quarters that weekly hours open: each quarter of each date is asked which hours are in force. */

import type { DayOfWeek } from "../../shared/gen/google/type/dayofweek_pb.ts";
import { daysIn, firstShown, KNOWN, midnightOf } from "./local-time.ts";
import type { OpenQuarters } from "./open-time.ts";
import { QUARTERS_A_DAY } from "./quarters.ts";

/** As a caller says it: the day of the week from Monday, which is 1, and times of the clock such as 09:30. */
export interface Range {
  readonly day: DayOfWeek;
  readonly start: string;
  readonly end: string;
}

export interface Hours {
  readonly fromDate: string;
  readonly timeZone: string;
  readonly ranges: readonly Range[];
}

/** When hours come into force. */
export function beginOf({ fromDate, timeZone }: Pick<Hours, "fromDate" | "timeZone">): number {
  return firstShown(timeZone, midnightOf(fromDate));
}

/** Of the hours that have begun by a quarter, those with the latest date. */
export function inForce(all: readonly Hours[], quarter: number): Hours | undefined {
  const begun = all.filter((hours) => beginOf(hours) <= quarter);
  return begun.toSorted((a, b) => (a.fromDate < b.fromDate ? -1 : 1)).at(-1);
}

/** Looked at once for each list of hours: a model keeps its list until it is another one. */
const opened = new WeakMap<readonly Hours[], OpenQuarters>();

export function openByHours(all: readonly Hours[]): OpenQuarters {
  const open = opened.get(all) ?? quarterByQuarter(all);
  opened.set(all, open);
  return open;
}

function quarterByQuarter(all: readonly Hours[]): OpenQuarters {
  const open = new Set<number>();
  for (const hours of all) {
    for (const day of daysIn(hours.timeZone)) {
      for (const range of hours.ranges.filter((each) => each.day === weekdayOf(day))) {
        const quarters = quartersOf(hours.timeZone, day, range).filter((quarter) => inForce(all, quarter) === hours);
        for (const quarter of quarters) open.add(quarter);
      }
    }
  }
  return open;
}

/** The quarters of a range on a day. */
function quartersOf(timeZone: string, day: number, range: Range): number[] {
  const [first = 0, last = 0] = [range.start, range.end].map((time) =>
    firstShown(timeZone, day * QUARTERS_A_DAY + timeOfDay(time)),
  );
  const start = Math.max(first, KNOWN.start);
  return Array.from({ length: Math.max(0, Math.min(last, KNOWN.end) - start) }, (_, index) => start + index);
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return ((day + 3) % 7) + 1;
}

/** In quarters: hours are set to whole ones in these tests. */
function timeOfDay(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 4 + minute / 15;
}
