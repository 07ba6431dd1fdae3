/** Updates of rules, generated. */

import * as fc from "fast-check";
import type { RuleName, RuleValues } from "./rules.ts";

/** Mostly such as leave something to book. A week's notice forbids all that these tests book, and so does a horizon of a day. */
export const anyRules: fc.Arbitrary<Partial<RuleValues>> = fc.record(
  {
    slotDurationMinutes: fc.constantFrom(15, 30, 30, 60),
    minimumNoticeMinutes: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 7 * 1440),
    horizonDays: fc.constantFrom(0, 0, 0, 0, 10, 10, 10, 1),
    bufferBeforeMinutes: fc.constantFrom(0, 0, 15, 30),
    bufferAfterMinutes: fc.constantFrom(0, 0, 15, 45),
    seats: fc.constantFrom(1, 2, 2, 3),
  },
  { requiredKeys: ["seats"] },
);

/** A rule that is named and not given gets its default, but for the slot duration, which has none. */
const RULES_WITH_DEFAULT: readonly RuleName[] = [
  "minimumNoticeMinutes",
  "horizonDays",
  "bufferBeforeMinutes",
  "bufferAfterMinutes",
  "seats",
];

export const anyMask: fc.Arbitrary<readonly RuleName[] | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.subarray([...RULES_WITH_DEFAULT], { minLength: 1 }) },
);
