import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyInterval, instantsOf, intervalsOf, separateIntervals } from "../../../test/support/interval-model.ts";
import type { Interval } from "../../../shared/interval.ts";
import { replace } from "./replace.ts";

const day = { start: 9, end: 17 };

/** What is stored in the end. */
function afterwards(stored: readonly Interval[], { gone, written }: ReturnType<typeof replace>): Interval[] {
  return [...stored.filter((each) => !gone.includes(each)), ...written].toSorted((a, b) => a.start - b.start);
}

describe("of a host's intervals", () => {
  test("what is wanted takes the place of what was in the window, in the fewest pieces, and nothing else changes", () => {
    fc.assert(
      fc.property(separateIntervals, anyInterval, separateIntervals, (stored, window, all) => {
        const [before, inside] = [instantsOf(stored), instantsOf([window])];
        const wanted = instantsOf(all).intersection(inside);
        const replaced = replace(stored, intervalsOf(wanted), window);
        const after = before.difference(inside).union(wanted);
        expect(afterwards(stored, replaced)).toEqual(intervalsOf(after));
        expect(replaced.removed).toEqual(intervalsOf(before.difference(after)));
        expect(replaced.added).toEqual(intervalsOf(after.difference(before)));
        // Nothing is deleted to be stored again.
        expect(replaced.gone.filter((each) => intervalsOf(after).some((one) => isSame(one, each)))).toEqual([]);
        expect(replaced.written.filter((each) => stored.some((one) => isSame(one, each)))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

function isSame(a: Interval, b: Interval): boolean {
  return a.start === b.start && a.end === b.end;
}

describe("adding", () => {
  test("a range within an interval changes nothing", () => {
    const nothing = { removed: [], added: [], gone: [], written: [] };
    expect(replace([day], [day], day)).toEqual(nothing);
    expect(replace([day], [{ start: 10, end: 11 }], { start: 10, end: 11 })).toEqual(nothing);
  });

  test("a range that touches intervals at both ends joins them", () => {
    const [before, behind, far] = [
      { start: 8, end: 10 },
      { start: 12, end: 14 },
      { start: 20, end: 22 },
    ];
    const gap = { start: 10, end: 12 };
    expect(replace([before, behind, far], [gap], gap)).toEqual({
      removed: [],
      added: [gap],
      gone: [before, behind],
      written: [{ start: 8, end: 14 }],
    });
  });
});

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
  ])("%s", (_what, range, removed, written) => {
    expect(replace([day], [], range)).toEqual({ removed, added: [], gone: [day], written });
  });

  test("what only touches an interval takes nothing", () => {
    const nothing = { removed: [], added: [], gone: [], written: [] };
    expect(replace([day], [], { start: 17, end: 18 })).toEqual(nothing);
  });
});
