import { describe, expect, test } from "vitest";
import { dayOf, daysOf, today } from "./local-time.ts";

test("today depends on the zone", () => {
  const now = Date.UTC(2027, 2, 27, 23, 30);
  expect(today("Europe/Berlin", now)).toBe("2027-03-28");
  expect(today("America/New_York", now)).toBe("2027-03-27");
  expect(today("UTC", 0)).toBe("1970-01-01");
});

/** When it is a time, H:MM, of a date; unset: the date does not occur. */
function read(timeZone: string, date: string, time: string): string | undefined {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const instant = daysOf(timeZone)(dayOf(date)).at?.(hour * 60 + minute);
  return instant === undefined ? undefined : new Date(instant).toISOString();
}

describe("a local time", () => {
  test.each([
    ["in winter", "Europe/Berlin", "2027-01-04", "9:00", "2027-01-04T08:00:00.000Z"],
    ["in summer", "Europe/Berlin", "2027-07-05", "9:00", "2027-07-05T07:00:00.000Z"],
    ["of a quarter hour's zone", "Asia/Kathmandu", "2027-01-04", "9:00", "2027-01-04T03:15:00.000Z"],
    ["at the end of a day", "Asia/Tokyo", "2027-01-04", "24:00", "2027-01-04T15:00:00.000Z"],
    ["at the end of a leap day", "UTC", "2028-02-29", "24:00", "2028-03-01T00:00:00.000Z"],
    ["whose offset has seconds", "Africa/Monrovia", "1971-01-01", "9:00", "1971-01-01T09:44:30.000Z"],
    ["long ago, over midnight", "America/Toronto", "1919-03-31", "0:00", "1919-03-31T05:00:00.000Z"],
    ["far ahead", "Europe/Berlin", "2199-07-01", "9:00", "2199-07-01T07:00:00.000Z"],
  ])("%s", (_what, timeZone, date, time, instant) => {
    expect(read(timeZone, date, time)).toBe(instant);
  });

  test.each([
    ["Europe/Berlin", "2027-03-28", "2:30", "2027-03-28T01:30:00.000Z"],
    ["Australia/Lord_Howe", "2026-10-04", "2:15", "2026-10-03T15:45:00.000Z"],
    ["Africa/Cairo", "2026-04-24", "0:00", "2026-04-23T22:00:00.000Z"],
    ["Africa/Cairo", "2026-04-23", "24:00", "2026-04-23T22:00:00.000Z"],
  ])("that is skipped is read with the offset before: %s, %s, %s", (timeZone, date, time, instant) => {
    expect(read(timeZone, date, time)).toBe(instant);
  });

  test.each([
    ["Europe/Berlin", "2027-10-31", "2:30", "2027-10-31T00:30:00.000Z"],
    ["Australia/Lord_Howe", "2027-04-04", "1:45", "2027-04-03T14:45:00.000Z"],
    ["America/Sao_Paulo", "2018-02-17", "23:30", "2018-02-18T01:30:00.000Z"],
    ["America/Havana", "2027-11-07", "0:00", "2027-11-07T04:00:00.000Z"],
  ])("that occurs twice is the first: %s, %s, %s", (timeZone, date, time, instant) => {
    expect(read(timeZone, date, time)).toBe(instant);
  });

  test("is the same whichever days are read before it", () => {
    const [first, last] = [dayOf("2011-01-01"), dayOf("2012-12-31")];
    const days = Array.from({ length: last - first }, (_, index) => first + index);
    const alone = days.map((day) => daysOf("Pacific/Apia")(day).at?.(150));
    const [forth, back] = [daysOf("Pacific/Apia"), daysOf("Pacific/Apia")];
    expect(days.map((day) => forth(day).at?.(150))).toEqual(alone);
    expect(days.toReversed().map((day) => back(day).at?.(150))).toEqual(alone.toReversed());
  });
});

describe("a date", () => {
  const startOf = (timeZone: string, date: string): string =>
    new Date(daysOf(timeZone)(dayOf(date)).start).toISOString();

  test("starts at its midnight", () => {
    expect(startOf("Asia/Kathmandu", "2027-01-04")).toBe("2027-01-03T18:15:00.000Z");
  });

  test("starts with the first of two midnights", () => {
    expect(startOf("America/Havana", "2027-11-07")).toBe("2027-11-07T04:00:00.000Z");
  });

  test("starts where clocks go over its midnight", () => {
    expect(startOf("Asia/Beirut", "2027-03-28")).toBe("2027-03-27T22:00:00.000Z");
    // From 23:30 to 0:30.
    expect(startOf("America/Toronto", "1919-03-31")).toBe("1919-03-31T04:30:00.000Z");
  });

  test("that does not occur starts with the next one, and has no times", () => {
    expect(startOf("Pacific/Apia", "2011-12-30")).toBe("2011-12-30T10:00:00.000Z");
    expect(startOf("Pacific/Apia", "2011-12-31")).toBe("2011-12-30T10:00:00.000Z");
    expect(read("Pacific/Apia", "2011-12-30", "9:00")).toBeUndefined();
    expect(read("Pacific/Apia", "2011-12-29", "9:00")).toBe("2011-12-29T19:00:00.000Z");
    expect(read("Pacific/Apia", "2011-12-31", "9:00")).toBe("2011-12-30T19:00:00.000Z");
  });
});
