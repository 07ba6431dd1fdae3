/** Derived open time, held against the minutes of clocks as `Intl.DateTimeFormat` shows them. */

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openTime } from "../../services/availability/domain/open-time.ts";
import { DAY_MS } from "../../shared/time-units.ts";
import { anyIntent, anyWindow } from "../support/any-hours.ts";
import { type LocalMinutes, localMinutes, openMinutes } from "../support/local-minutes.ts";

/** A zone, a date on which its clocks are moved, and another zone that its hours may be told in before or after. */
const TRANSITIONS = [
  ["Europe/Berlin", "2027-03-28", "America/New_York"],
  ["Europe/Berlin", "2027-10-31", "Asia/Kathmandu"],
  ["America/New_York", "2027-03-14", "Europe/Berlin"],
  ["America/New_York", "2027-11-07", "Pacific/Apia"],
  ["America/Sao_Paulo", "2018-02-18", "UTC"],
  ["America/Sao_Paulo", "2018-11-04", "Africa/Cairo"],
  ["America/Havana", "2027-11-07", "America/New_York"],
  ["Asia/Kathmandu", "1986-01-01", "UTC"],
  ["Australia/Lord_Howe", "2026-10-04", "Pacific/Apia"],
  ["Australia/Lord_Howe", "2027-04-04", "UTC"],
  ["Africa/Cairo", "2026-04-24", "Asia/Beirut"],
  ["Africa/Cairo", "2026-10-30", "Asia/Beirut"],
  ["Asia/Beirut", "2027-03-28", "Europe/Berlin"],
  ["Asia/Beirut", "2027-10-31", "Europe/Berlin"],
  ["Pacific/Apia", "2011-12-30", "Pacific/Pago_Pago"],
  ["Africa/Casablanca", "2024-03-10", "Africa/Cairo"],
  ["Africa/Casablanca", "2024-04-14", "UTC"],
  ["UTC", "2027-01-01", "Pacific/Kiritimati"],
] as const;

/** The window lies within two days around the date, and its ends two days within what the clocks are read for. */
const WINDOW_REACH_MS = 2 * DAY_MS;
const SPAN_REACH_MS = 4 * DAY_MS;

const places = TRANSITIONS.map(([timeZone, date, other]) => {
  const middle = Date.parse(`${date}T12:00Z`);
  const span = { start: middle - SPAN_REACH_MS, end: middle + SPAN_REACH_MS };
  const within = { start: middle - WINDOW_REACH_MS, end: middle + WINDOW_REACH_MS };
  const minutes = new Map<string, LocalMinutes>();
  const minutesOf = (zone: string): LocalMinutes => {
    const known = minutes.get(zone) ?? localMinutes(zone, span);
    minutes.set(zone, known);
    return known;
  };
  return { timeZone, date, other, span, within, minutesOf };
});

/** Of the process, with the offset at the start of 1970, by which it is seen that the process took it, and the runs. */
describe.each([
  ["UTC", 0, 30],
  ["America/St_Johns", 210, 10],
  ["Asia/Kolkata", -330, 10],
  ["Pacific/Auckland", -720, 10],
])("in a process whose zone is %s", (zone, offsetMinutes, numRuns) => {
  beforeAll(() => {
    vi.stubEnv("TZ", zone);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  test("local time is another", () => {
    expect(new Date(0).getTimezoneOffset()).toBe(offsetMinutes);
  });

  test.each(places)(
    "open time around $date in $timeZone is what its clocks say",
    ({ timeZone, other, span, within, minutesOf }) => {
      fc.assert(
        fc.property(anyIntent(span, [timeZone, timeZone, other]), anyWindow(within), (intent, window) => {
          expect(openTime(intent, window)).toEqual(openMinutes(intent, window, span, minutesOf));
        }),
        { numRuns },
      );
    },
  );
});
