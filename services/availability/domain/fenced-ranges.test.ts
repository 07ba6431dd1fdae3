import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyInterval, instantsOf, intervalsOf, separateIntervals } from "../../../test/support/interval-model.ts";
import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import { fencedRanges, removal } from "./removal.ts";

const day = { start: 9, end: 17 };

describe("removing", () => {
  test.each([
    ["its start shrinks an interval", { start: 8, end: 11 }, [{ start: 9, end: 11 }], [{ start: 11, end: 17 }]],
    ["its end shrinks an interval", { start: 15, end: 17 }, [{ start: 15, end: 17 }], [{ start: 9, end: 15 }]],
    [
      "its middle splits an interval",
      { start: 12, end: 13 },
      [{ start: 12, end: 13 }],
      [
        { start: 9, end: 12 },
        { start: 13, end: 17 },
      ],
    ],
    ["all of it deletes an interval", { start: 0, end: 24 }, [day], []],
  ])("%s", (_what, range, removed, remaining) => {
    expect(removal([day], range)).toEqual({ removed, remaining, replaced: [day] });
  });

  test("what only touches an interval takes nothing", () => {
    expect(removal([day], { start: 17, end: 18 })).toEqual({ removed: [], remaining: [], replaced: [] });
  });

  test("takes exactly the stored instants of the range, and leaves at most two pieces of what it touched", () => {
    fc.assert(
      fc.property(separateIntervals, anyInterval, (stored, range) => {
        const { removed, remaining, replaced } = removal(stored, range);
        const before = instantsOf(stored);
        const after = [...stored.filter((each) => !replaced.includes(each)), ...remaining];
        expect(removed).toEqual(intervalsOf(before.intersection(instantsOf([range]))));
        expect(after.toSorted((a, b) => a.start - b.start)).toEqual(
          intervalsOf(before.difference(instantsOf([range]))),
        );
        expect(remaining.length).toBeLessThanOrEqual(2);
        expect(instantsOf(replaced)).toEqual(instantsOf([...removed, ...remaining]));
      }),
    );
  });
});

describe("the ranges that Booking is asked about", () => {
  const hours = (count: number) =>
    Array.from({ length: count }, (_, hour) => ({ start: hour * 10, end: hour * 10 + 5 }));

  test("are the removed ones, up to the limit", () => {
    expect(fencedRanges([])).toEqual([]);
    expect(fencedRanges(hours(FENCED_RANGES_MAX))).toEqual(hours(FENCED_RANGES_MAX));
  });

  test("cover what is beyond the limit with one range", () => {
    const removed = hours(FENCED_RANGES_MAX + 7);
    const fenced = fencedRanges(removed);
    expect(fenced).toHaveLength(FENCED_RANGES_MAX);
    expect(fenced.slice(0, -1)).toEqual(removed.slice(0, FENCED_RANGES_MAX - 1));
    expect(fenced.at(-1)).toEqual({ start: removed[FENCED_RANGES_MAX - 1]?.start, end: removed.at(-1)?.end });
  });
});
