import { describe, expect, test } from "vitest";
import { NO_RULES, type Rules, type RulesUpdate, updated } from "./rules.ts";

const rules: Rules = {
  slotDurationMinutes: 30,
  minimumNoticeMinutes: 60,
  horizonDays: 90,
  bufferBeforeMinutes: 5,
  bufferAfterMinutes: 10,
  seats: 3,
};

/** What an update changes. */
function changed(update: RulesUpdate): Partial<Rules> {
  const after = updated(rules, update);
  const names = (Object.keys(rules) as (keyof Rules)[]).filter((rule) => after[rule] !== rules[rule]);
  return Object.fromEntries(names.map((rule) => [rule, after[rule]]));
}

describe("without a mask", () => {
  test("the rules that are given change, one that is set to 0 too", () => {
    const given = { horizonDays: 30, bufferAfterMinutes: 0 };
    expect(changed({ given, mask: undefined })).toEqual(given);
  });

  test("one that is undefined is not given", () => {
    expect(changed({ given: { seats: undefined }, mask: undefined })).toEqual({});
  });
});

describe("with a mask", () => {
  test("only the rules that it names change", () => {
    expect(changed({ given: { seats: 5, horizonDays: 30 }, mask: ["seats"] })).toEqual({ seats: 5 });
  });

  test("a rule that it names and that is not given gets its default", () => {
    const mask = ["minimumNoticeMinutes", "horizonDays", "bufferBeforeMinutes", "bufferAfterMinutes", "seats"] as const;
    expect(updated(rules, { given: {}, mask })).toEqual({ ...NO_RULES, slotDurationMinutes: 30 });
  });

  test("that names a rule and is given 0 sets it to 0", () => {
    expect(changed({ given: { horizonDays: 0 }, mask: ["horizonDays"] })).toEqual({ horizonDays: 0 });
  });
});

test("the rules that were there before are not touched", () => {
  updated(NO_RULES, { given: { seats: 7 }, mask: undefined });
  expect(NO_RULES.seats).toBe(1);
});
