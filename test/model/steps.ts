/** What a sequence may do next, as plain data: generated without knowing what is stored, and printed when a test fails. */

import * as fc from "fast-check";
import type { Interval } from "../../shared/interval.ts";
import type { Details, StateName } from "./seen-booking.ts";
import type { DayOfWeek } from "../../shared/gen/google/type/dayofweek_pb.ts";
import type { Hours, Range } from "./hours.ts";
import { AHEAD, AROUND, PAST } from "./quarters.ts";
import type { RuleName, RuleValues } from "./rules.ts";
import { anyMask, anyRules } from "./any-rules.ts";
import { anyState, type StateStep } from "./user-states.ts";

/** `pick`: one of the bookings so far, the latest is 0. `etag`: which of the versions that the caller has seen it sends. */
export type TestStep =
  | { readonly kind: "add"; readonly during: Interval; readonly slotDurationMinutes: number; readonly named: boolean }
  | {
      readonly kind: "remove" | "restore";
      readonly during: Interval;
      readonly keepsBooked: boolean;
      readonly named: boolean;
    }
  | HoursStep
  | RulesStep
  | StateStep
  | {
      readonly kind: "create";
      readonly during: Interval;
      readonly guest: number;
      readonly holdSeconds: number;
      readonly details: Details;
      readonly ignoreNotice: boolean;
      readonly named: boolean;
    }
  | { readonly kind: "confirm"; readonly pick: number; readonly etag: Etag; readonly named: boolean }
  | {
      readonly kind: "cancel";
      readonly pick: number;
      readonly etag: Etag;
      readonly reason: string;
      readonly named: boolean;
    }
  | {
      readonly kind: "reschedule";
      readonly pick: number;
      readonly etag: Etag;
      readonly during: Interval;
      /** Then only the length of `during` is meant. */
      readonly keepsStart: boolean;
      readonly ignoreNotice: boolean;
      readonly named: boolean;
    }
  | { readonly kind: "expire"; readonly pick: number }
  | { readonly kind: "fence"; readonly during: Interval }
  /** An earlier call with its `request_id`: the same again, or with other content. */
  | { readonly kind: "repeat"; readonly pick: number; readonly altered: boolean }
  | ReadStep;

export interface ReadStep {
  readonly kind: "read";
  readonly window: Interval;
  readonly states: readonly StateName[];
  /** How long the open slots are that are listed. */
  readonly slots: number;
  readonly ignoreNotice: boolean;
}

export interface RulesStep {
  readonly kind: "rules";
  readonly given: Partial<RuleValues>;
  readonly mask: readonly RuleName[] | undefined;
  readonly etag: Etag;
  readonly named: boolean;
}

/** `fromDay`: as `dateOf` counts; undefined: today, whatever that is in the time zone. */
export interface HoursStep extends Pick<Hours, "timeZone" | "ranges"> {
  readonly kind: "hours";
  readonly fromDay: number | undefined;
  readonly slotDurationMinutes: number;
  readonly keepsBooked: boolean;
  readonly etag: Etag;
  readonly named: boolean;
}

export type Etag = "none" | "current" | "past";

/** Any sequence: it begins with open time, or most of it would be refusals. */
export function anySteps(minLength: number, maxLength: number): fc.Arbitrary<TestStep[]> {
  const opening = fc.oneof(
    fc.constantFrom(30, 60).map((slotDurationMinutes): TestStep => {
      return { kind: "add", during: AHEAD, slotDurationMinutes, named: false };
    }),
    anyHours.map((step): TestStep => ({ ...step, fromDay: YESTERDAY, etag: "none" })),
  );
  return fc
    .tuple(opening, fc.array(anyStep, { minLength, maxLength, size: "max" }))
    .map(([first, rest]) => [first, ...rest]);
}

/** Mostly on the half hour, and mostly ahead: what is refused at once finds no bug. */
const anyStart = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 11 }).map((halfHour) => halfHour * 2) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 23 }) },
);

function anyInterval(...lengths: readonly number[]): fc.Arbitrary<Interval> {
  const day = fc.oneof({ weight: 12, arbitrary: fc.constant(AHEAD) }, { weight: 1, arbitrary: fc.constant(PAST) });
  return fc
    .tuple(day, anyStart, fc.constantFrom(...lengths))
    .map(([{ start: first }, offset, length]) => ({ start: first + offset, end: first + offset + length }));
}

const pick = fc.nat({ max: 12 });
const etag: fc.Arbitrary<Etag> = fc.constantFrom("none", "none", "current", "past");
const named = fc.boolean();
const rarely = fc.constantFrom(false, false, true);
const candidate = anyInterval(2, 2, 2, 4, 4, 8, 3);
const everything: Interval = { start: PAST.start, end: AHEAD.end + 24 };

const YESTERDAY = -5;
const WEEK: readonly DayOfWeek[] = [1, 2, 3, 4, 5, 6, 7];
/** Parts of a day that touch. Seven for each day of a week are not too many for one call. */
const PARTS = [
  ["00:00", "01:00"],
  ["01:00", "07:00"],
  ["07:00", "13:00"],
  ["13:00", "18:00"],
  ["18:00", "19:30"],
  ["19:30", "21:00"],
  ["21:00", "24:00"],
] as const;

const anyRanges: fc.Arbitrary<readonly Range[]> = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: fc.constant([...WEEK]) }, { weight: 1, arbitrary: fc.subarray([...WEEK]) }),
    // All of it is around the clock.
    fc.oneof({ weight: 1, arbitrary: fc.constant([...PARTS]) }, { weight: 4, arbitrary: fc.subarray([...PARTS]) }),
  )
  .map(([days, parts]) => days.flatMap((day) => parts.map(([start, end]) => ({ day, start, end }))));

const anyHours: fc.Arbitrary<HoursStep> = fc.record({
  kind: fc.constant("hours"),
  fromDay: fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: YESTERDAY, max: 2 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  timeZone: fc.constantFrom("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/New_York"),
  ranges: anyRanges,
  slotDurationMinutes: fc.constantFrom(30, 30, 60),
  keepsBooked: fc.boolean(),
  etag,
  named,
});

const anyReason = fc.constantFrom("", "ill");

/** Few external ids, so that they are asked for again. */
const anyDetails: fc.Arbitrary<Details> = fc.constantFrom(
  { externalId: "", note: "", labels: {} },
  { externalId: "", note: "ring twice", labels: { room: "2" } },
  { externalId: "crm 1", note: "", labels: {} },
  { externalId: "crm 2", note: "", labels: { room: "2", source: "web" } },
);

const anyStep: fc.Arbitrary<TestStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("add"),
      during: anyInterval(1, 2, 4, 8, 12),
      slotDurationMinutes: fc.constantFrom(30, 30, 60),
      named,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("remove"),
      during: fc.oneof(
        { weight: 24, arbitrary: anyInterval(1, 2, 2, 4) },
        { weight: 1, arbitrary: fc.constant(everything) },
      ),
      keepsBooked: rarely,
      named,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("restore"),
      // What is closed for the whole day would stay so, were it only ever opened a slot at a time.
      during: fc.oneof(anyInterval(2, 4, 12), fc.constant(AHEAD), fc.constant(everything)),
      keepsBooked: rarely,
      named,
    }),
  },
  { weight: 3, arbitrary: anyHours },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("create"),
      during: candidate,
      guest: fc.nat({ max: 1 }),
      // Longer than any test takes: holds end when a step ends them.
      holdSeconds: fc.constantFrom(0, 0, 3600, 86_400),
      details: anyDetails,
      ignoreNotice: rarely,
      named,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("confirm"), pick, etag, named }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel"), pick, etag, reason: anyReason, named }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("reschedule"),
      pick,
      etag,
      during: candidate,
      keepsStart: rarely,
      ignoreNotice: rarely,
      named,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("rules"), given: anyRules, mask: anyMask, etag, named }) },
  { weight: 2, arbitrary: anyState },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("expire"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fence"), during: anyInterval(4, 12) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("repeat"), pick, altered: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("read"),
      window: fc.oneof(fc.constant(AHEAD), fc.constant(AROUND), anyInterval(1, 3, 8)),
      states: fc.oneof(fc.constant([]), fc.subarray<StateName>(["HELD", "CONFIRMED", "CANCELLED", "EXPIRED"])),
      slots: fc.constantFrom(1, 1, 2, 3),
      ignoreNotice: rarely,
    }),
  },
);
