import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anySituation,
  asTold,
  candidatesOf,
  cutTo,
  LONGEST,
  openSeatsByMinutes,
  reasonByMinutes,
  startsByMinutes,
  type Situation,
} from "../../../test/support/calendar-model.ts";
import { anyInterval, MODEL_END } from "../../../test/support/interval-model.ts";
import { interval, type Interval } from "../../../shared/interval.ts";
import { type OpenSlot, refusal, slots, stretchOf, type Wanted } from "./calendar.ts";

const everything = interval(0, MODEL_END);
/** In slots. */
const anyLength = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: LONGEST }));
const anyMiddle = fc.integer({ min: 1, max: MODEL_END - 1 });

/** A whole number of slots, at most as many as fit into the longest candidate. */
function durationOf({ calendar }: Situation, length: number): number {
  const { slotMs } = calendar.rules;
  return Math.min(length, Math.floor(LONGEST / slotMs)) * slotMs;
}

function reasonOf({ calendar, taken, ...terms }: Situation, candidate: Interval, keepsStart = false) {
  return refusal(calendar, candidate, { ...terms, keepsStart }, taken)?.reason;
}

function listed({ calendar, taken, ...terms }: Situation, wanted: Wanted): OpenSlot[] {
  return slots(calendar, wanted, terms, asTold(taken));
}

describe("a calendar", () => {
  test("refuses what minute after minute refuses, for the same reason", () => {
    const met = new Set<string | undefined>();
    fc.assert(
      fc.property(anySituation, fc.boolean(), (at, keepsStart) => {
        const candidates = candidatesOf(at.calendar);
        const expected = candidates.map((candidate) => reasonByMinutes(at, candidate, keepsStart));
        expect(candidates.map((each) => reasonOf(at, each, keepsStart))).toEqual(expected);
        for (const reason of expected) met.add(reason);
      }),
      { numRuns: 1000 },
    );
    const rules = ["OUTSIDE_AVAILABILITY", "OFF_GRID", "START_IN_PAST", "TOO_SOON", "TOO_FAR", "SLOT_TAKEN"];
    expect(met).toEqual(new Set([...rules, undefined]));
  });

  test("lists exactly what can be booked of the asked length, minute after minute, with the seats that are open", () => {
    const seatsOpen = new Set<number>();
    fc.assert(
      fc.property(anySituation, anyInterval, anyLength, (at, window, length) => {
        const durationMs = durationOf(at, length);
        const bookable = candidatesOf(at.calendar)
          .filter(({ start, end }) => end - start === durationMs && window.start <= start && start < window.end)
          .filter((candidate) => reasonByMinutes(at, candidate, false) === undefined)
          .map((candidate) => ({ ...candidate, openSeats: openSeatsByMinutes(at, candidate) }));
        expect(listed(at, { window, durationMs })).toEqual(bookable);
        expect(bookable.filter((candidate) => reasonOf(at, candidate) !== undefined)).toEqual([]);
        if (length === 1) expect(listed(at, { window })).toEqual(bookable);
        for (const { openSeats } of bookable) seatsOpen.add(openSeats);
      }),
      { numRuns: 1000 },
    );
    expect(seatsOpen).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  test("lists nothing of a length that is not made of whole slots", () => {
    fc.assert(
      fc.property(anySituation, fc.integer({ min: 1, max: LONGEST }), (at, durationMs) => {
        fc.pre(durationMs % at.calendar.rules.slotMs > 0);
        expect(listed(at, { window: everything, durationMs })).toEqual([]);
      }),
    );
  });

  test("lists each slot once in neighbouring windows", () => {
    fc.assert(
      fc.property(anySituation, anyMiddle, anyLength, (at, middle, length) => {
        const durationMs = durationOf(at, length);
        const of = (window: Interval): OpenSlot[] => listed(at, { window, durationMs });
        expect([...of(interval(0, middle)), ...of(interval(middle, MODEL_END))]).toEqual(of(everything));
      }),
    );
  });

  test("lists in neighbouring parts, each with a calendar of its own, what one calendar lists", () => {
    fc.assert(
      fc.property(anySituation, anyMiddle, anyLength, (at, middle, length) => {
        const durationMs = durationOf(at, length);
        const of = (covered: Interval): OpenSlot[] => {
          const calendar = { ...at.calendar, covered, intervals: cutTo(covered, at.open) };
          return listed({ ...at, calendar }, { window: covered, durationMs });
        };
        expect([...of(interval(0, middle)), ...of(interval(middle, MODEL_END))]).toEqual(of(everything));
      }),
      { numRuns: 1000 },
    );
  });

  test("lists no more than it is asked for, and those are the first", () => {
    fc.assert(
      fc.property(anySituation, fc.integer({ min: 1, max: 5 }), (at, most) => {
        expect(listed(at, { window: everything, most })).toEqual(listed(at, { window: everything }).slice(0, most));
      }),
    );
  });

  test("tells where its first slots end, booked or not, and how many there are", () => {
    fc.assert(
      fc.property(anySituation, anyInterval, fc.integer({ min: 1, max: 12 }), (at, window, most) => {
        const end = Math.min(window.end, at.calendar.covered.end);
        const starts = startsByMinutes(at).filter((start) => window.start <= start && start < end);
        const expected =
          starts.length < most ? { end, count: starts.length } : { end: starts[most - 1]! + 1, count: most };
        expect(stretchOf(at.calendar, window, most)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });
});
