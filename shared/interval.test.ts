import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyInterval, instantsOf, intervalsOf } from "../test/support/interval-model.ts";
import { contains, duration, hull, intersection, interval, meets, merge, overlaps, subtract } from "./interval.ts";

const morning = interval(9, 12);
const noon = interval(12, 13);

describe("intervals that only touch", () => {
  test("do not overlap", () => {
    expect(overlaps(morning, noon)).toBe(false);
    expect(overlaps(noon, morning)).toBe(false);
    expect(intersection(morning, noon)).toBeUndefined();
  });

  test("meet, and merge into one", () => {
    expect(meets(morning, noon)).toBe(true);
    expect(meets(noon, morning)).toBe(true);
    expect(merge([noon, morning])).toEqual([interval(9, 13)]);
  });

  test("take nothing from each other", () => {
    expect(subtract(morning, noon)).toEqual([morning]);
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
        const common = instantsOf([a]).intersection(instantsOf([b]));
        expect(overlaps(a, b)).toBe(common.size > 0);
        expect(instantsOf([intersection(a, b)].filter((each) => each !== undefined))).toEqual(common);
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

  test("duration: the number of instants", () => {
    fc.assert(
      fc.property(anyInterval, (a) => {
        expect(duration(a)).toBe(instantsOf([a]).size);
      }),
    );
  });

  test("hull: from the first instant to the last", () => {
    fc.assert(
      fc.property(fc.array(anyInterval, { minLength: 1 }), (all) => {
        const instants = [...instantsOf(all)];
        expect(hull(all)).toEqual({ start: Math.min(...instants), end: Math.max(...instants) + 1 });
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

  test("subtract: the instants of the one without those of the other", () => {
    fc.assert(
      fc.property(anyInterval, anyInterval, (from, removed) => {
        expect(subtract(from, removed)).toEqual(intervalsOf(instantsOf([from]).difference(instantsOf([removed]))));
      }),
    );
  });
});
