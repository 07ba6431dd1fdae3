/** Dates, time zones and weekly ranges of requests become domain values here. Like `parse.ts`, for Availability alone. */

import { z } from "zod";
import { DayOfWeekSchema } from "../../gen/google/type/dayofweek_pb.ts";
import { WEEKLY_RANGES_MAX } from "../../limits.ts";
import { minutesOfDay, wrongDate, wrongEndOfRange, wrongTimeOfDay, wrongTimeZone } from "./local-time.ts";
import { always, enumValue, list, refuse } from "./parse.ts";
import { wrongCount, wrongEnumValue } from "./rules.ts";

/** Of the week; Monday is 1. */
type Day = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A local date, `YYYY-MM-DD`, or undefined if the field is empty. */
export const optionalDate = z.string().transform((given, context): string | undefined => {
  if (given === "") return undefined;
  const reason = wrongDate(given);
  return reason === undefined ? given : refuse(context, reason);
});

/** The name of a time zone, as the caller spells it. */
export const timeZone = z.string().transform((given, context): string => {
  const reason = given === "" ? "is required" : wrongTimeZone(given);
  return reason === undefined ? given : refuse(context, reason);
});

/** Minutes of the day, 0 to 1439. */
export const timeOfDay = minutes({ mayEndDay: false });

/** Minutes of the day, 1 to 1440. */
export const endOfDay = minutes({ mayEndDay: true });

/** A range of a day of the week: `{ day, start, end }`, its ends in minutes of the day, the end later than the start. */
export const weeklyRange = z
  .object({ day: enumValue<Day>(DayOfWeekSchema), start: timeOfDay, end: endOfDay })
  .superRefine(refuseWrongEnd, { when: always });

/** The ranges of a week, in the order that they were given. Those of one day do not overlap; they may touch. */
export const weeklyRanges = list(weeklyRange, WEEKLY_RANGES_MAX).superRefine(refuseOverlaps, { when: always });

function minutes(rule: { readonly mayEndDay: boolean }) {
  return z.string().transform((given, context): number => {
    const reason = given === "" ? "is required" : wrongTimeOfDay(given, rule);
    return reason === undefined ? (minutesOfDay(given) ?? 0) : refuse(context, reason);
  });
}

interface Range {
  readonly day: Day;
  readonly start: number;
  readonly end: number;
}

/** Both refinements run whatever else is wrong: a value that was refused is not what its type says. */
function refuseWrongEnd({ start, end }: Partial<Range>, context: z.core.$RefinementCtx): void {
  if (typeof start !== "number" || typeof end !== "number") return;
  const message = wrongEndOfRange(start, end, "start");
  if (message !== undefined) context.addIssue({ code: "custom", path: ["end"], message });
}

/** Of two ranges that overlap the one that starts later is named, or that is given later if they start together. */
function refuseOverlaps(ranges: readonly Range[], context: z.core.$RefinementCtx): void {
  if (wrongCount(ranges.length, WEEKLY_RANGES_MAX) !== undefined) return;
  const good = ranges.map((range, index) => ({ ...range, index })).filter(isGood);
  let before: (typeof good)[number] | undefined;
  for (const range of good.toSorted((one, other) => one.day - other.day || one.start - other.start)) {
    if (before?.day !== range.day) {
      before = range;
      continue;
    }
    if (range.start < before.end) {
      context.addIssue({ code: "custom", path: [range.index, "start"], message: `overlaps ranges[${before.index}]` });
    }
    // The one that reaches furthest, which need not be the last one.
    if (range.end > before.end) before = range;
  }
}

function isGood({ day, start, end }: Partial<Range>): boolean {
  return isDay(day) && typeof start === "number" && typeof end === "number" && start < end;
}

function isDay(day: unknown): boolean {
  return typeof day === "number" && wrongEnumValue(DayOfWeekSchema, day) === undefined;
}
