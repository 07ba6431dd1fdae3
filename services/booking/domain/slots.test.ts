import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyInterval, MODEL_END, separateIntervals } from "../../../test/support/interval-model.ts";
import { contains, type Interval, overlaps } from "../../../shared/interval.ts";
import { isOpen, misfit, type OpenTime, openSlots, slotsIn } from "./slots.ts";

/** All slots there are, found by trying every start of every interval one by one. */
function slotsByTrying(open: OpenTime): Interval[] {
  return open.intervals.flatMap((available) => {
    const slots: Interval[] = [];
    let left = 0;
    for (let start = available.start; start + open.slotMs <= available.end; start += 1) {
      if (left === 0) slots.push({ start, end: start + open.slotMs });
      left = (left + 1) % open.slotMs;
    }
    return slots;
  });
}

const anyOpenTime = fc.record({ intervals: separateIntervals, slotMs: fc.integer({ min: 1, max: 7 }) });

/** Pictures of time: one character an instant. */
function picture(characters: string, mark: string): Interval[] {
  return characters.split("").flatMap((character, start) => (character === mark ? [{ start, end: start + 1 }] : []));
}

describe("slots", () => {
  test("those that start in a window are found, whatever the window", () => {
    fc.assert(
      fc.property(anyOpenTime, anyInterval, (open, window) => {
        const expected = slotsByTrying(open).filter((slot) => window.start <= slot.start && slot.start < window.end);
        expect(slotsIn(open, window, MODEL_END)).toEqual(expected);
      }),
    );
  });

  test("neighbouring windows show every slot once", () => {
    fc.assert(
      fc.property(anyOpenTime, fc.integer({ min: 1, max: MODEL_END - 1 }), (open, middle) => {
        const before = slotsIn(open, { start: 0, end: middle }, MODEL_END);
        const after = slotsIn(open, { start: middle, end: MODEL_END }, MODEL_END);
        expect([...before, ...after]).toEqual(slotsByTrying(open));
      }),
    );
  });

  test("a count cuts the list off, and the next window goes on behind it", () => {
    fc.assert(
      fc.property(anyOpenTime, fc.integer({ min: 1, max: 5 }), (open, count) => {
        const all = slotsIn(open, { start: 0, end: MODEL_END }, MODEL_END);
        const first = slotsIn(open, { start: 0, end: MODEL_END }, count);
        const last = first.at(-1);
        const rest = last === undefined ? [] : slotsIn(open, { start: last.start + 1, end: MODEL_END }, MODEL_END);
        expect([...first, ...rest]).toEqual(all);
      }),
    );
  });

  test("a candidate fits if and only if it is made of consecutive slots of one interval", () => {
    fc.assert(
      fc.property(anyOpenTime, anyInterval, (open, candidate) => {
        const inside = open.intervals.some((available) => contains(available, candidate));
        const within = slotsByTrying(open).filter((slot) => contains(candidate, slot));
        const covered =
          within.reduce((sum, slot) => sum + slot.end - slot.start, 0) === candidate.end - candidate.start;
        const expected = inside ? (covered ? undefined : "OFF_GRID") : "OUTSIDE_AVAILABILITY";
        expect(misfit(open, candidate)).toBe(expected);
      }),
    );
  });

  test("the walk over slots and bookings lists what `isOpen` says of each slot alone", () => {
    fc.assert(
      fc.property(anyOpenTime, separateIntervals, fc.nat(MODEL_END), (open, active, now) => {
        const slots = slotsByTrying(open);
        expect(openSlots(slots, active, now)).toEqual(slots.filter((slot) => isOpen(slot, active, now)));
      }),
    );
  });

  test("what is listed can be booked, and nothing is listed over a booking", () => {
    fc.assert(
      fc.property(anyOpenTime, separateIntervals, fc.nat(MODEL_END), (open, active, now) => {
        for (const slot of openSlots(slotsIn(open, { start: 0, end: MODEL_END }, MODEL_END), active, now)) {
          expect(misfit(open, slot)).toBeUndefined();
          expect(active.some((booked) => overlaps(booked, slot))).toBe(false);
          expect(slot.start).toBeGreaterThanOrEqual(now);
        }
      }),
    );
  });

  test.each([
    { open: "##.##", booked: ".....", free: "##.##" },
    { open: "##.##", booked: ".#...", free: "#..##" },
    { open: "#####", booked: "##..#", free: "..##." },
    { open: ".....", booked: ".....", free: "....." },
  ])("of $open with $booked booked, $free is free", ({ open, booked, free }) => {
    const intervals = picture(open, "#");
    const slots = slotsIn({ intervals, slotMs: 1 }, { start: 0, end: open.length }, open.length);
    expect(openSlots(slots, picture(booked, "#"), 0)).toEqual(picture(free, "#"));
  });

  test("a slot that starts this very millisecond is open, and one that started the millisecond before is not", () => {
    expect(isOpen({ start: 10, end: 20 }, [], 10)).toBe(true);
    expect(isOpen({ start: 10, end: 20 }, [], 11)).toBe(false);
  });
});
