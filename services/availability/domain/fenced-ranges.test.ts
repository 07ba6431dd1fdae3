import { describe, expect, test } from "vitest";
import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import { fencedRanges } from "./fenced-ranges.ts";

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
