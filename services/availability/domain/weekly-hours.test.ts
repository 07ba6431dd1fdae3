import { describe, expect, test } from "vitest";
import { FIRST_INSTANT, INSTANTS_END } from "../../../shared/limits.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { hoursWithin, type LocalRange, type Period, startOf } from "./weekly-hours.ts";

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
/** A Monday to Sunday. */
const WEEK = during("2027-01-04T00:00Z", "2027-01-11T00:00Z");

/** A range of every day, or of the days that are named, in hours. */
function daily(start: number, end: number, days = EVERY_DAY): LocalRange[] {
  return days.map((day) => ({ day, start: start * 60, end: end * 60 }));
}

function period(ranges: readonly LocalRange[], fromDate = "2026-01-01", timeZone = "UTC"): Period {
  return { fromDate, timeZone, ranges };
}

function during(start: string, end: string): { start: number; end: number } {
  return { start: Date.parse(start), end: Date.parse(end) };
}

describe("a week", () => {
  test("begins with Monday", () => {
    expect(hoursWithin([period(daily(9, 17, [1]))], WEEK)).toEqual([during("2027-01-04T09:00Z", "2027-01-04T17:00Z")]);
    expect(hoursWithin([period(daily(9, 17, [7]))], WEEK)).toEqual([during("2027-01-10T09:00Z", "2027-01-10T17:00Z")]);
  });

  test("began with Monday before 1970, too", () => {
    const first = during("1970-01-01T00:00Z", "1970-01-02T00:00Z");
    const wednesday = period(daily(12, 24, [3]), "1969-01-01", "Pacific/Honolulu");
    expect(hoursWithin([wednesday], first)).toEqual([during("1970-01-01T00:00Z", "1970-01-01T10:00Z")]);
  });

  test("has the ranges of a day in any order", () => {
    const ranges = [...daily(13, 17, [2]), ...daily(9, 12, [2])];
    expect(hoursWithin([period(ranges)], WEEK)).toEqual([
      during("2027-01-05T09:00Z", "2027-01-05T12:00Z"),
      during("2027-01-05T13:00Z", "2027-01-05T17:00Z"),
    ]);
  });

  test("has no seam where a night is told as two ranges", () => {
    const night = [...daily(20, 24, [5]), ...daily(0, 4, [6])];
    expect(hoursWithin([period(night)], WEEK)).toEqual([during("2027-01-08T20:00Z", "2027-01-09T04:00Z")]);
  });

  test("reads each of two ranges that touch by itself, also when clocks go forward over the seam", () => {
    const sunday = during("2027-03-28T00:00Z", "2027-03-29T00:00Z");
    const twoRanges = [period([...daily(1, 2.5, [7]), ...daily(2.5, 3, [7])], "2026-01-01", "Europe/Berlin")];
    // 02:30 does not exist. It is read as 03:30, so the second range is reversed.
    expect(hoursWithin(twoRanges, sunday)).toEqual([during("2027-03-28T00:00Z", "2027-03-28T01:30Z")]);
  });

  test("leaves out a range that is reversed when clocks go forward", () => {
    const sunday = during("2027-03-28T00:00Z", "2027-03-29T00:00Z");
    expect(hoursWithin([period(daily(2.5, 3), "2026-01-01", "Europe/Berlin")], sunday)).toEqual([]);
  });
});

describe("around the clock", () => {
  const always = period([...daily(0, 12), ...daily(12, 24)], "2020-03-01", "Europe/Berlin");

  test("is one interval, however long it is", () => {
    const all = { start: FIRST_INSTANT, end: INSTANTS_END };
    expect(hoursWithin([always], all)).toEqual([{ start: Date.parse("2020-02-29T23:00Z"), end: INSTANTS_END }]);
  });

  test("is one interval over a date that does not occur", () => {
    const missing = during("2011-12-25T00:00Z", "2012-01-05T00:00Z");
    expect(hoursWithin([period(daily(0, 24), "2011-01-01", "Pacific/Apia")], missing)).toEqual([missing]);
  });

  test("goes on without a seam where one period follows another", () => {
    const next = period(daily(0, 24), "2027-01-06", "Asia/Tokyo");
    expect(hoursWithin([always, next], WEEK)).toEqual([WEEK]);
  });
});

describe("a period", () => {
  test("is in force from its date on, until the next one is", () => {
    const periods = [
      period(daily(9, 17), "2027-01-05"),
      period(daily(10, 11), "2027-01-06"),
      period([], "2027-01-07"),
      period(daily(12, 13), "2027-01-10"),
    ];
    expect(hoursWithin(periods, WEEK)).toEqual([
      during("2027-01-05T09:00Z", "2027-01-05T17:00Z"),
      during("2027-01-06T10:00Z", "2027-01-06T11:00Z"),
      during("2027-01-10T12:00Z", "2027-01-10T13:00Z"),
    ]);
  });

  test("begins and ends in the middle of a range, where the next one is of another zone", () => {
    const periods = [
      period(daily(0, 24), "2027-01-01", "Asia/Tokyo"),
      period(daily(9, 17), "2027-01-06", "America/New_York"),
      period(daily(4, 10, [4]), "2027-01-07", "Asia/Tokyo"),
    ];
    expect(hoursWithin(periods, WEEK)).toEqual([
      // Until the 6th begins in New York ...
      during("2027-01-04T00:00Z", "2027-01-06T05:00Z"),
      // ... where the 7th in Tokyo has come an hour after opening.
      during("2027-01-06T14:00Z", "2027-01-06T15:00Z"),
      during("2027-01-06T19:00Z", "2027-01-07T01:00Z"),
    ]);
  });

  test("gives way to a later date that begins earlier, far in the east", () => {
    const periods = [
      period(daily(0, 24), "2027-01-05", "Pacific/Pago_Pago"),
      period(daily(12, 13), "2027-01-06", "Pacific/Kiritimati"),
    ];
    expect(startOf(periods[1] as Period)).toBeLessThan(startOf(periods[0] as Period));
    const open = hoursWithin(periods, WEEK);
    expect(open[0]).toEqual(during("2027-01-05T22:00Z", "2027-01-05T23:00Z"));
    expect(open).toHaveLength(6);
    // Also where the window ends before that date begins in UTC.
    const evening = during("2027-01-05T11:00Z", "2027-01-05T22:30Z");
    expect(hoursWithin(periods, evening)).toEqual([during("2027-01-05T22:00Z", "2027-01-05T22:30Z")]);
  });

  test("comes into force with the first instant of its date", () => {
    expect(startOf({ fromDate: "2027-03-28", timeZone: "Asia/Beirut" })).toBe(Date.parse("2027-03-27T22:00Z"));
    expect(startOf({ fromDate: "2011-12-30", timeZone: "Pacific/Apia" })).toBe(Date.parse("2011-12-30T10:00Z"));
  });
});

describe("a window", () => {
  test("cuts what it does not hold", () => {
    const noon = during("2027-01-04T12:00Z", "2027-01-05T10:00Z");
    expect(hoursWithin([period(daily(9, 17))], noon)).toEqual([
      during("2027-01-04T12:00Z", "2027-01-04T17:00Z"),
      during("2027-01-05T09:00Z", "2027-01-05T10:00Z"),
    ]);
  });

  test("of one millisecond may be open", () => {
    const moment = { start: WEEK.start + 10 * 3_600_000 + 1, end: WEEK.start + 10 * 3_600_000 + 2 };
    expect(hoursWithin([period(daily(9, 17))], moment)).toEqual([moment]);
  });

  test("never reaches beyond the instants of the contract", () => {
    const wide = { start: FIRST_INSTANT - 9 * DAY_MS, end: INSTANTS_END + 9 * DAY_MS };
    for (const hours of [daily(0, 24), daily(0, 23)]) {
      const open = hoursWithin([period(hours, "1970-01-01", "Asia/Tokyo")], wide);
      expect(open[0]?.start).toBe(FIRST_INSTANT);
      expect(open.at(-1)?.end).toBe(INSTANTS_END);
    }
    expect(hoursWithin([period(daily(0, 24))], { start: INSTANTS_END, end: wide.end })).toEqual([]);
    expect(hoursWithin([period(daily(0, 24))], { start: wide.start, end: FIRST_INSTANT })).toEqual([]);
  });

  test("before all hours, or without any, is closed", () => {
    expect(hoursWithin([period(daily(9, 17), "2027-01-11")], WEEK)).toEqual([]);
    expect(hoursWithin([period([])], WEEK)).toEqual([]);
    expect(hoursWithin([], WEEK)).toEqual([]);
  });
});
