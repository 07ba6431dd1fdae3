import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyIntent, anyWindow } from "../../../test/support/any-hours.ts";
import { contains, type Interval, merge, overlaps } from "../../../shared/interval.ts";
import { DAY_MS, HOUR_MS } from "../../../shared/time-units.ts";
import { type Intent, openTime } from "./open-time.ts";

const MONDAY = Date.UTC(2027, 0, 4);
const ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Pago_Pago", "UTC"];
/** Around the days on which clocks are moved in spring, and beyond them for weeks. */
const SPAN = { start: Date.UTC(2027, 2, 1), end: Date.UTC(2027, 3, 20) };
const WIDER = { start: SPAN.start - 30 * DAY_MS, end: SPAN.end + 30 * DAY_MS };

function hours(start: number, end: number): Interval {
  return { start: MONDAY + start * HOUR_MS, end: MONDAY + end * HOUR_MS };
}

describe("of one Monday from 9 to 17", () => {
  const periods = [{ fromDate: "2027-01-01", timeZone: "UTC", ranges: [{ day: 1, start: 540, end: 1020 }] }];
  const day = hours(0, 24);

  test.each<[string, Partial<Intent>, Interval[]]>([
    ["nothing said beside", {}, [hours(9, 17)]],
    ["a closure cuts a hole", { closures: [hours(12, 13)] }, [hours(9, 12), hours(13, 17)]],
    ["a closure over all of it", { closures: [hours(-48, 48)] }, []],
    ["an opening that touches", { openings: [hours(17, 20)] }, [hours(9, 20)]],
    ["an opening in a closure", { closures: [hours(9, 17)], openings: [hours(10, 11)] }, [hours(10, 11)]],
    ["an opening beyond the window", { openings: [hours(20, 50)] }, [hours(9, 17), hours(20, 24)]],
    ["an opening outside the window", { openings: [hours(24, 50)] }, [hours(9, 17)]],
    ["without hours, openings only", { periods: [], closures: [day], openings: [hours(1, 2)] }, [hours(1, 2)]],
  ])("%s", (_what, said, open) => {
    expect(openTime({ periods, openings: [], closures: [], ...said }, day)).toEqual(open);
  });
});

describe("open time of anything that a host may have said", () => {
  const intent = anyIntent(SPAN, ZONES);
  const check = (holds: (intent: Intent, window: Interval) => void): void => {
    fc.assert(fc.property(intent, anyWindow(WIDER), holds), { numRuns: 200 });
  };

  test("is by start, in the fewest pieces, and within the window", () => {
    check((said, window) => {
      const open = openTime(said, window);
      expect(open.every((each) => each.start < each.end && contains(window, each))).toBe(true);
      expect(open.slice(1).every(({ start }, index) => (open[index]?.end ?? Infinity) < start)).toBe(true);
    });
  });

  test("has no seam: two windows side by side are open where the whole is", () => {
    fc.assert(
      fc.property(intent, anyWindow(WIDER), fc.integer({ min: 0, max: 999 }), (said, window, share) => {
        const middle = window.start + Math.floor(((window.end - window.start) / 1000) * share);
        const halves = [
          { start: window.start, end: middle },
          { start: middle, end: window.end },
        ].filter(({ start, end }) => start < end);
        expect(merge(halves.flatMap((half) => openTime(said, half)))).toEqual(openTime(said, window));
      }),
      { numRuns: 200 },
    );
  });

  test("has all openings, and nothing of a closure beside them", () => {
    check((said, window) => {
      const open = openTime(said, window);
      const unopened = openTime({ ...said, openings: [] }, window);
      const wanted = said.openings.filter((each) => contains(window, each));
      expect(wanted.every((each) => open.some((one) => contains(one, each)))).toBe(true);
      expect(unopened.some((each) => said.closures.some((closure) => overlaps(each, closure)))).toBe(false);
    });
  });
});
