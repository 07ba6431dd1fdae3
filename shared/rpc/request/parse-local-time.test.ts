import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type FieldViolation, Refusal } from "../../errors.ts";
import { DayOfWeek } from "../../gen/google/type/dayofweek_pb.ts";
import { endOfDay, optionalDate, timeOfDay, timeZone, weeklyRanges } from "./parse-local-time.ts";
import { parse } from "./parse.ts";

const { MONDAY, TUESDAY, SUNDAY } = DayOfWeek;

function violations(schema: z.ZodType, message: unknown): readonly FieldViolation[] {
  try {
    parse(schema, message);
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.reason === "INVALID_REQUEST") return thrown.details.fields ?? [];
    throw thrown;
  }
  return [];
}

describe("a single field", () => {
  const good: readonly (readonly [what: string, schema: z.ZodType, given: string, becomes: unknown])[] = [
    ["no date", optionalDate, "", undefined],
    ["the first date", optionalDate, "1970-01-01", "1970-01-01"],
    ["a leap day", optionalDate, "2028-02-29", "2028-02-29"],
    ["the last date", optionalDate, "2199-12-31", "2199-12-31"],
    ["a zone", timeZone, "America/Argentina/ComodRivadavia", "America/Argentina/ComodRivadavia"],
    ["a zone in small letters", timeZone, "europe/berlin", "europe/berlin"],
    ["an old name", timeZone, "EST5EDT", "EST5EDT"],
    ["a fixed offset by its name", timeZone, "Etc/GMT-2", "Etc/GMT-2"],
    ["UTC", timeZone, "UTC", "UTC"],
    ["the first minute", timeOfDay, "00:00", 0],
    ["the last minute", timeOfDay, "23:59", 1439],
    ["the first end", endOfDay, "00:01", 1],
    ["the end of the day", endOfDay, "24:00", 1440],
  ];
  test.each(good)("%s is accepted", (_what, schema, given, becomes) => {
    expect(parse(z.object({ it: schema }), { it: given }).it).toEqual(becomes);
  });

  const bad: readonly (readonly [schema: z.ZodType, given: string, description: string | RegExp])[] = [
    [optionalDate, "2027-02-29", "is a day that does not exist"],
    [optionalDate, "2100-02-29", "is a day that does not exist"],
    [optionalDate, "2027-13-01", "is a day that does not exist"],
    [optionalDate, "2027-00-01", "is a day that does not exist"],
    [optionalDate, "2027-04-00", "is a day that does not exist"],
    [optionalDate, "1969-12-31", "is outside the years 1970 to 2199"],
    [optionalDate, "2200-01-01", "is outside the years 1970 to 2199"],
    [optionalDate, "0050-01-01", "is outside the years 1970 to 2199"],
    ...["2027-3-28", "2027-03-28\n", "2027-03-28T00:00:00Z", "+002027-03-28", "20270328", "٢٠٢٧-03-28"].map(date),
    [timeZone, "", "is required"],
    ...["+02:00", "+02", "-0800", "UTC+2", "GMT+2", "Z", "CEST", "PST", "Factory", "localtime", "Etc/Unknown"].map(
      zone,
    ),
    ...["Europe/Berlin\n", " UTC", "Europe/Berlin\0", "2027-03-28T00:00[Europe/Berlin]", "[Europe/Berlin]"].map(zone),
    ...["Europe/Atlantis", "İstanbul", "../UTC", "right/UTC", "\uD800", "constructor", "A".repeat(60_000)].map(zone),
    [timeOfDay, "", "is required"],
    ...["24:00", "23:60", "9:00", "09:00:00", "9", "-1:00", "09.00", "0900", "９:00", "09:00\n"].map(time),
    [endOfDay, "", "is required"],
    ...["00:00", "24:01", "25:00", "99:99", "9:00"].map(end),
  ];
  test.each(bad)("$1 is refused", (schema, given, description) => {
    expect(violations(z.object({ someField: schema }), { someField: given })).toEqual([
      { field: "some_field", description },
    ]);
  });
});

type Bad = readonly [z.ZodType, string, string];

function date(given: string): Bad {
  return [optionalDate, given, "must be a date such as 2027-03-28"];
}

function zone(given: string): Bad {
  return [timeZone, given, "must be the name of a time zone, such as Europe/Berlin"];
}

function time(given: string): Bad {
  return [timeOfDay, given, "must be a time of day from 00:00 to 23:59"];
}

function end(given: string): Bad {
  return [endOfDay, given, "must be a time of day from 00:01 to 24:00"];
}

describe("weekly ranges", () => {
  const schema = z.object({ ranges: weeklyRanges, timeZone });
  type Given = readonly [day: number, start: string, end: string];

  function request(...ranges: readonly Given[]) {
    return { ranges: ranges.map(([day, from, to]) => ({ day, start: from, end: to })), timeZone: "UTC" };
  }

  test("become minutes of the day, in the order that they were given", () => {
    const given = request([SUNDAY, "22:00", "24:00"], [MONDAY, "00:00", "06:30"]);
    expect(parse(schema, given).ranges).toEqual([
      { day: 7, start: 1320, end: 1440 },
      { day: 1, start: 0, end: 390 },
    ]);
    expect(parse(schema, request()).ranges).toEqual([]);
  });

  test("name everything that is wrong with each, whatever else is wrong", () => {
    const bad = request(
      [MONDAY, "09:00", "12:00"],
      [0, "24:00", "00:00"],
      [8, "9", ""],
      [TUESDAY, "12:00", "12:00"],
      [MONDAY, "11:00", "12:30"],
    );
    expect(
      violations(schema, { ...bad, timeZone: "Mars" })
        .map(({ field }) => field)
        .toSorted(),
    ).toEqual([
      "ranges[1].day",
      "ranges[1].end",
      "ranges[1].start",
      "ranges[2].day",
      "ranges[2].end",
      "ranges[2].start",
      "ranges[3].end",
      "ranges[4].start",
      "time_zone",
    ]);
  });

  const overlaps: readonly (readonly [
    what: string,
    ranges: readonly Given[],
    named: Readonly<Record<string, string>>,
  ])[] = [
    [
      "that touch",
      [
        [MONDAY, "09:00", "12:00"],
        [MONDAY, "12:00", "13:00"],
      ],
      {},
    ],
    [
      "on two days",
      [
        [MONDAY, "09:00", "12:00"],
        [TUESDAY, "09:00", "12:00"],
      ],
      {},
    ],
    [
      "that share a minute",
      [
        [MONDAY, "09:00", "12:00"],
        [MONDAY, "11:59", "13:00"],
      ],
      { "ranges[1].start": "ranges[0]" },
    ],
    [
      "of which the one given first starts later",
      [
        [MONDAY, "11:00", "13:00"],
        [MONDAY, "09:00", "12:00"],
      ],
      { "ranges[0].start": "ranges[1]" },
    ],
    [
      "that are the same",
      [
        [SUNDAY, "00:00", "24:00"],
        [SUNDAY, "00:00", "24:00"],
      ],
      { "ranges[1].start": "ranges[0]" },
    ],
    [
      "of which one holds two others",
      [
        [MONDAY, "13:00", "14:00"],
        [MONDAY, "08:00", "18:00"],
        [MONDAY, "09:00", "10:00"],
      ],
      { "ranges[0].start": "ranges[1]", "ranges[2].start": "ranges[1]" },
    ],
    [
      "of a day that does not exist",
      [
        [9, "09:00", "12:00"],
        [9, "09:00", "12:00"],
      ],
      { "ranges[0].day": "", "ranges[1].day": "" },
    ],
  ];
  test.each(overlaps)("%s", (_what, ranges, named) => {
    const found = violations(schema, request(...ranges));
    expect(found.map(({ field }) => field).toSorted()).toEqual(Object.keys(named));
    for (const { field, description } of found.filter((each) => each.field.endsWith("start"))) {
      expect(description).toBe(`overlaps ${named[field]}`);
    }
  });

  test("are counted before one is looked at", () => {
    const fifty = Array.from({ length: 50 }, (_, index): Given => [1 + (index % 7), time24(index), time24(index + 1)]);
    expect(violations(schema, request(...fifty))).toEqual([]);
    let looked = 0;
    const watched = {
      get day() {
        looked += 1;
        return MONDAY;
      },
    };
    const tooMany = { timeZone: "UTC", ranges: Array.from({ length: 51 }, () => watched) };
    expect(violations(schema, tooMany)).toEqual([{ field: "ranges", description: "has more than 50 items" }]);
    expect(looked).toBe(0);
  });
});

function time24(quarter: number): string {
  return `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`;
}

describe("the name of a time zone", () => {
  test.each(["Europe/Berlin", "america/new_york", "US/Eastern", "Asia/Calcutta", "CET", "EST5EDT", "Etc/GMT+5", "UTC"])(
    "%s is one, as it is written",
    (text) => {
      expect(timeZone.safeParse(text)).toMatchObject({ success: true, data: text });
    },
  );

  test.each([
    "",
    " ",
    "+02:00",
    "-05",
    "Z",
    "UTC+1",
    "Europe/Nowhere",
    "Europe/Berlin ",
    "Europe/Berlin[u-ca=iso8601]",
    "2027-01-01T00:00[Europe/Berlin]",
    "T00:00[Europe/Berlin]",
    "__proto__",
    "toString",
    "e".repeat(100_000),
  ])("%j is none", (text) => {
    expect(timeZone.safeParse(text).success).toBe(false);
  });
});
