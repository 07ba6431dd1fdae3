/** What docs/weekly-hours.md shows of the days on which clocks are moved is so, wherever the process runs. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { hoursWithin } from "../../services/availability/domain/weekly-hours.ts";
import { DAY_MS } from "../../shared/time-units.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/weekly-hours.md"), "utf8");
const LINE = /^\| (\w+\/\w+) +\| (\d{4}-\d\d-\d\d) \| (\d\d:\d\d)–(\d\d:\d\d) \| (?:none|(\S+Z) to (\S+Z)) +\|$/gm;

const lines = Array.from(page.matchAll(LINE), ([, timeZone = "", date = "", start = "", end = "", first, last]) => {
  return { timeZone, date, start, end, open: first === undefined ? [] : [{ start: first, end: last }] };
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test("the page has four hours for each of four days", () => {
  const days = new Set(lines.map(({ timeZone, date }) => `${timeZone} ${date}`));
  expect(days).toEqual(
    new Set([
      "Europe/Berlin 2027-03-28",
      "Europe/Berlin 2027-10-31",
      "America/New_York 2027-03-14",
      "America/New_York 2027-11-07",
    ]),
  );
  const hours = ["01:30–03:30", "02:00–03:00", "00:00–24:00", "13:00–18:00"];
  expect(lines.map(({ start, end }) => `${start}–${end}`)).toEqual([...hours, ...hours, ...hours, ...hours]);
});

/** Each with its offset at the start of 1970, by which it is seen that the process took it. */
describe.each([
  ["UTC", 0],
  ["Europe/Berlin", -60],
  ["America/New_York", 300],
  ["Australia/Lord_Howe", -600],
])("in a process whose zone is %s", (zone, offsetMinutes) => {
  test.each(lines)("$start–$end on $date in $timeZone", ({ timeZone, date, start, end, open }) => {
    vi.stubEnv("TZ", zone);
    expect(new Date(0).getTimezoneOffset()).toBe(offsetMinutes);
    const day = Date.parse(date);
    const range = { day: new Date(day).getUTCDay() || 7, start: minutes(start), end: minutes(end) };
    const periods = [{ fromDate: "2027-01-01", timeZone, ranges: [range] }];
    const derived = hoursWithin(periods, { start: day - 2 * DAY_MS, end: day + 3 * DAY_MS });
    expect(derived.map((each) => ({ start: inUtc(each.start), end: inUtc(each.end) }))).toEqual(open);
  });
});

function minutes(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}

function inUtc(instant: number): string {
  return new Date(instant).toISOString().replace(":00.000Z", "Z");
}
