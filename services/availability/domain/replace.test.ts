import * as fc from "fast-check";
import { expect, test } from "vitest";
import { anyInterval, instantsOf, intervalsOf, separateIntervals } from "../../../test/support/interval-model.ts";
import { addition } from "./addition.ts";

test("a range within a stored interval changes nothing", () => {
  const stored = [{ start: 9, end: 12 }];
  expect(addition(stored, { start: 9, end: 12 })).toEqual({ kept: stored[0] });
  expect(addition(stored, { start: 10, end: 11 })).toEqual({ kept: stored[0] });
});

test("a range that touches intervals at both ends joins them", () => {
  const stored = [
    { start: 8, end: 10 },
    { start: 12, end: 14 },
    { start: 20, end: 22 },
  ];
  expect(addition(stored, { start: 10, end: 12 })).toEqual({
    merged: { start: 8, end: 14 },
    replaced: [stored[0], stored[1]],
  });
});

test("what is stored after an addition is the union, in the fewest pieces", () => {
  fc.assert(
    fc.property(separateIntervals, anyInterval, (stored, range) => {
      const added = addition(stored, range);
      const after =
        "kept" in added ? stored : [...stored.filter((each) => !added.replaced.includes(each)), added.merged];
      expect(after.toSorted((a, b) => a.start - b.start)).toEqual(intervalsOf(instantsOf([...stored, range])));
    }),
  );
});
