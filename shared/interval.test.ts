import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyInterval, instantsOf, intervalsOf, separateIntervals } from "../test/support/interval-model.ts";
import { contains, difference, interval, meets, merge, overlaps } from "./interval.ts";

const morning = interval(9, 12);
const noon = interval(12, 13);

describe("intervals that only touch", () => {
  test("do not overlap", () => {
    expect(overlaps(morning, noon)).toBe(false);
    expect(overlaps(noon, morning)).toBe(false);
  });

  test("meet, and merge into one", () => {
    expect(meets(morning, noon)).toBe(true);
    expect(meets(noon, morning)).toBe(true);
    expect(merge([noon, morning])).toEqual([interval(9, 13)]);
  });

  test("take nothing from each other", () => {
    expect(difference([morning], [noon])).toEqual([morning]);
    expect(difference([noon], [morning])).toEqual([noon]);
  });
});

test.each([
  ["empty", 5, 5],
  ["reversed", 6, 5],
  ["fractional", 1.5, 2],
  ["endless", 0, Infinity],
  ["of nothing", Number.NaN, 1],
])("an interval that is %s is refused", (_what, start, end) => {
  expect(() => interval(start, end)).toThrow(RangeError);
});

describe("against sets of instants", () => {
  test("overlaps: some instant is in both", () => {
    fc.assert(
      fc.property(anyInterval, anyInterval, (a, b) => {
        expect(overlaps(a, b)).toBe(instantsOf([a]).intersection(instantsOf([b])).size > 0);
      }),
    );
  });

  test("meets: the union is one piece", () => {
    fc.assert(
      fc.property(anyInterval, anyInterval, (a, b) => {
        expect(meets(a, b)).toBe(intervalsOf(instantsOf([a, b])).length === 1);
      }),
    );
  });

  test("contains: no instant of the inner is missing", () => {
    fc.assert(
      fc.property(anyInterval, anyInterval, (outer, inner) => {
        expect(contains(outer, inner)).toBe(instantsOf([inner]).isSubsetOf(instantsOf([outer])));
      }),
    );
  });

  test("merge: the same instants in the fewest pieces", () => {
    fc.assert(
      fc.property(fc.array(anyInterval), (all) => {
        expect(merge(all)).toEqual(intervalsOf(instantsOf(all)));
      }),
    );
  });

  test("difference: the instants of the ones without those of the others", () => {
    fc.assert(
      fc.property(separateIntervals, separateIntervals, (from, removed) => {
        const expected = intervalsOf(instantsOf(from).difference(instantsOf(removed)));
        expect(difference(from, removed)).toEqual(expected);
      }),
    );
  });
});
