import { describe, expect, test } from "vitest";
import { NO_RULES, type Rules, updated } from "./rules.ts";

const RULES: Rules = {
  slotDurationMinutes: 30,
  minimumNoticeMinutes: 120,
  horizonDays: 60,
  bufferBeforeMinutes: 5,
  bufferAfterMinutes: 10,
  seats: 12,
};

describe("without a mask", () => {
  test("what is given changes, and nothing else", () => {
    expect(updated(RULES, { given: { seats: 1 }, mask: undefined })).toEqual({ ...RULES, seats: 1 });
    expect(updated(RULES, { given: {}, mask: undefined })).toEqual(RULES);
  });

  test("what is given as zero is given", () => {
    const given = { minimumNoticeMinutes: 0, horizonDays: 0 };
    expect(updated(RULES, { given, mask: undefined })).toEqual({ ...RULES, ...given });
  });

  test("what is undefined is not given", () => {
    expect(updated(RULES, { given: { seats: undefined, horizonDays: 7 }, mask: undefined })).toEqual({
      ...RULES,
      horizonDays: 7,
    });
  });
});

describe("with a mask", () => {
  test("what it names changes, whatever else is given", () => {
    const given = { seats: 1, horizonDays: 7 };
    expect(updated(RULES, { given, mask: ["horizonDays"] })).toEqual({ ...RULES, horizonDays: 7 });
  });

  test("what it names and is not given gets its default", () => {
    const mask = ["minimumNoticeMinutes", "horizonDays", "bufferBeforeMinutes", "bufferAfterMinutes", "seats"] as const;
    expect(updated(RULES, { given: {}, mask })).toEqual({ ...NO_RULES, slotDurationMinutes: 30 });
    for (const rule of mask) {
      expect(updated(RULES, { given: {}, mask: [rule] })).toEqual({ ...RULES, [rule]: NO_RULES[rule] });
    }
  });
});
