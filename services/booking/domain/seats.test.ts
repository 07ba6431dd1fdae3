import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anySituation, asTold } from "../../../test/support/calendar-model.ts";
import { anyInterval, MODEL_END } from "../../../test/support/interval-model.ts";
import { interval, type Interval, overlaps } from "../../../shared/interval.ts";
import { firstEnd, freeSeat, openSeats, type Taken, walkAlong } from "./seats.ts";

const inSeats = (...seats: readonly number[]): Taken[] => seats.map((seat) => ({ seat, start: 0, end: 10 }));

describe("open seats", () => {
  test.each([
    { seats: 1, taken: [], open: 1 },
    { seats: 1, taken: [1], open: 0 },
    { seats: 3, taken: [1, 3], open: 1 },
    // Two bookings that follow one another in one seat take one.
    { seats: 3, taken: [2, 2], open: 2 },
    { seats: 3, taken: [2, 2, 1, 2], open: 1 },
    // A seat that the host has no more is taken as well as another.
    { seats: 2, taken: [7], open: 1 },
    { seats: 2, taken: [7, 1], open: 0 },
    { seats: 1, taken: [1, 2, 3], open: -2 },
  ])("of $seats with $taken taken are $open", ({ seats, taken, open }) => {
    expect(openSeats(seats, inSeats(...taken))).toBe(open);
  });
});

describe("the seat that is given", () => {
  test.each([
    { seats: 1, taken: [], preferred: undefined, given: 1 },
    { seats: 4, taken: [1, 2, 4], preferred: undefined, given: 3 },
    { seats: 4, taken: [4, 1], preferred: undefined, given: 2 },
    { seats: 2, taken: [7], preferred: undefined, given: 1 },
    { seats: 4, taken: [1], preferred: 3, given: 3 },
    { seats: 4, taken: [1, 3], preferred: 3, given: 2 },
    { seats: 4, taken: [1], preferred: 4, given: 4 },
    // The host has it no more.
    { seats: 3, taken: [1], preferred: 4, given: 2 },
  ])("of $seats with $taken taken and $preferred wanted is $given", ({ seats, taken, preferred, given }) => {
    expect(freeSeat(seats, inSeats(...taken), preferred)).toBe(given);
  });

  test("is free and one that the host has, where any is open", () => {
    const anySeat = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(anySeat), anySeat, (seats, taken, preferred) => {
        fc.pre(openSeats(seats, inSeats(...taken)) > 0);
        const given = freeSeat(seats, inSeats(...taken), preferred);
        expect(taken).not.toContain(given);
        expect(given).toBeLessThanOrEqual(seats);
      }),
    );
  });
});

test("what ends first is not the first that starts; of nothing no end comes", () => {
  const taken = [interval(0, 9), interval(1, 4), interval(2, 6)].map((each) => ({ seat: 1, ...each }));
  expect(firstEnd(taken)).toBe(4);
  expect(firstEnd([])).toBe(Infinity);
});

describe("a walk along what is taken", () => {
  test("meets at every step what overlaps the candidate, whatever the steps", () => {
    fc.assert(
      fc.property(anySituation, anyInterval, fc.array(fc.nat(6), { maxLength: 12 }), (at, first, steps) => {
        const taken = asTold(at.taken);
        const met = walkAlong(taken);
        let candidate: Interval = first;
        for (const step of steps) {
          expect(met(candidate)).toEqual(taken.filter((each) => overlaps(each, candidate)));
          candidate = { start: candidate.start + step, end: candidate.end + step };
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("meets nothing that only touches, and nothing again that it has passed", () => {
    const taken = [interval(0, 3), interval(0, MODEL_END), interval(3, 5)].map((each, index) => ({
      seat: index + 1,
      ...each,
    }));
    const met = walkAlong(taken);
    const seatsAt = (start: number, end: number): number[] => met({ start, end }).map(({ seat }) => seat);
    expect([seatsAt(2, 3), seatsAt(3, 4), seatsAt(5, 6)]).toEqual([[1, 2], [2, 3], [2]]);
  });
});
