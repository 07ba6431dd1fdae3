/** Seats and buffers, where they are given and taken: under the lock, on what the commands before have left. */

import { describe, expect, test } from "vitest";
import { openCalendar } from "../../../test/support/calendars.ts";
import {
  asked,
  bookingAt,
  create,
  during,
  elsewhere,
  hostOf,
  HOUR,
  LIMITS,
  move,
  NOW,
  only,
  said,
} from "../../../test/support/deciding.ts";
import type { Interval } from "../../../shared/interval.ts";
import type { Booking } from "./booking.ts";
import type { Command, HostState, Outcome } from "./command.ts";
import { decide } from "./decide.ts";
import type { Rules } from "./rules.ts";

const slot = during["before its start"];
const QUARTER = HOUR / 4;

const under = (rules: Partial<Rules>) => ({ calendar: openCalendar(7, rules) });

/** Bookings of one slot, one for each of the seats. */
function inSeats(...seats: readonly number[]): Booking[] {
  return seats.map((seat) => bookingAt(slot, { id: `in seat ${seat}`, seat }));
}

function seatOf(outcome: Outcome): number | string {
  return outcome.kind === "booked" ? outcome.booking.seat : said(outcome);
}

function seatsAfter(state: HostState, ...commands: Command[]): (number | string)[] {
  return decide(state, commands, NOW, LIMITS).outcomes.map(seatOf);
}

function occupiedAfter(state: HostState, command: Command): Interval | string {
  const { outcome } = only(state, command);
  return outcome.kind === "booked" ? outcome.booking.occupied : said(outcome);
}

describe("a new booking", () => {
  test.each([
    { seats: 1, taken: [], given: 1 },
    { seats: 1, taken: [1], given: "SLOT_TAKEN" },
    { seats: 3, taken: [1, 3], given: 2 },
    { seats: 3, taken: [2, 3], given: 1 },
    { seats: 3, taken: [3, 1, 2], given: "SLOT_TAKEN" },
  ])("of $seats seats with $taken taken gets $given", ({ seats, taken, given }) => {
    expect(seatsAfter(hostOf(...inSeats(...taken)), create(under({ seats })))).toEqual([given]);
  });

  test("of callers in one batch for a class of three, three get a seat each, and one that is given back is given again", () => {
    const callers = Array.from({ length: 5 }, (_, caller) =>
      create({ bookingId: `b${caller}`, ...under({ seats: 3 }) }),
    );
    const cancel: Command = { ...asked, kind: "cancel", bookingId: "b1" };
    const late = create({ bookingId: "late", ...under({ seats: 3 }) });
    expect(seatsAfter(hostOf(), ...callers, cancel, late)).toEqual([1, 2, 3, "SLOT_TAKEN", "SLOT_TAKEN", 2, 2]);
  });

  test("needs one seat for all of its time: not one for its first half and another for the rest", () => {
    const [first, second] = [
      { start: slot.start, end: slot.start + HOUR / 2 },
      { start: slot.start + HOUR / 2, end: slot.end },
    ];
    const state = hostOf(bookingAt(first, { id: "x", seat: 1 }), bookingAt(second, { id: "y", seat: 2 }));
    expect(seatsAfter(state, create(under({ seats: 2 })))).toEqual(["SLOT_TAKEN"]);
    expect(seatsAfter(state, create({ during: first, ...under({ seats: 2 }) }))).toEqual([2]);
    expect(seatsAfter(state, create({ during: second, ...under({ seats: 2 }) }))).toEqual([1]);
  });

  test("counts those in seats that the host has no more", () => {
    const two = under({ seats: 2 });
    expect(seatsAfter(hostOf(...inSeats(1, 2, 3)), create(two))).toEqual(["SLOT_TAKEN"]);
    expect(seatsAfter(hostOf(...inSeats(3, 4)), create(two))).toEqual(["SLOT_TAKEN"]);
    expect(seatsAfter(hostOf(...inSeats(3)), create(two), create({ bookingId: "b3", ...two }))).toEqual([
      1,
      "SLOT_TAKEN",
    ]);
    expect(decide(hostOf(...inSeats(1, 2, 3)), [create(two)], NOW, LIMITS).changes).toEqual([]);
  });

  test("takes the seat of a hold that is over, which is recorded first", () => {
    const hold = bookingAt(slot, { id: "over", state: "HELD", expireTime: NOW, seat: 1 });
    const { outcome, events } = only(hostOf(hold, ...inSeats(2)), create(under({ seats: 2 })));
    expect([seatOf(outcome), events]).toEqual([1, ["EXPIRED", "CONFIRMED"]]);
  });
});

describe("buffers", () => {
  const before = { start: slot.start - HOUR, end: slot.start };
  const behind = { start: slot.end, end: slot.end + HOUR };
  const buffered = under({ bufferBeforeMs: QUARTER, bufferAfterMs: 2 * QUARTER });

  test("are part of what a booking occupies, and may lie in the past", () => {
    const occupied = { start: slot.start - QUARTER, end: slot.end + 2 * QUARTER };
    expect(occupiedAfter(hostOf(), create(buffered))).toEqual(occupied);
    const soon = { start: NOW, end: NOW + HOUR };
    expect(occupiedAfter(hostOf(), create({ during: soon, ...buffered }))).toMatchObject({ start: NOW - QUARTER });
  });

  test.each([
    ["touches the buffer before", { start: before.start, end: slot.start - QUARTER }, "CONFIRMED"],
    ["reaches a millisecond into it", { start: before.start, end: slot.start - QUARTER + 1 }, "SLOT_TAKEN"],
    ["touches the buffer after", { start: slot.end + 2 * QUARTER, end: slot.end + HOUR }, "CONFIRMED"],
    ["begins a millisecond before its end", { start: slot.end + 2 * QUARTER - 1, end: slot.end + HOUR }, "SLOT_TAKEN"],
  ])("a booking without any that %s: %s", (_where, time, answer) => {
    expect(said(only(hostOf(bookingAt(time)), create(buffered)).outcome)).toBe(answer);
  });

  test.each([
    ["its own, from rules of before, touches", slot.end, 0, "CONFIRMED"],
    ["its own, from rules of before, overlaps", slot.end + 1, 0, "SLOT_TAKEN"],
    ["both of them touch", slot.end + QUARTER, QUARTER, "CONFIRMED"],
    ["both of them overlap", slot.end + QUARTER, QUARTER + 1, "SLOT_TAKEN"],
  ])("a neighbour has a buffer too: %s", (_which, start, bufferBeforeMs, answer) => {
    const other = bookingAt(slot, { occupied: { start: slot.start, end: start } });
    const later = { start: slot.end + 2 * QUARTER, end: slot.end + HOUR };
    const [time, rules] = bufferBeforeMs === 0 ? [behind, {}] : [later, { bufferBeforeMs }];
    expect(said(only(hostOf(other), create({ during: time, ...under(rules) })).outcome)).toBe(answer);
  });

  test("an overdue hold that reaches only into them is recorded as expired, one that touches them is not", () => {
    const hold = (time: Interval): Booking => bookingAt(time, { id: "over", state: "HELD", expireTime: NOW });
    const into = { start: before.start, end: slot.start - QUARTER + 1 };
    expect(only(hostOf(hold(into)), create(buffered)).events).toEqual(["EXPIRED", "CONFIRMED"]);
    expect(only(hostOf(hold({ ...into, end: into.end - 1 })), create(buffered)).events).toEqual(["CONFIRMED"]);
    const moved = only(hostOf(bookingAt(elsewhere), hold(into)), move(slot, buffered));
    expect(moved.events).toEqual(["EXPIRED", "RESCHEDULED"]);
  });

  test("a booking moves across its own, and gets those of the rules as they are", () => {
    const occupied = { start: slot.start - QUARTER, end: slot.end + QUARTER };
    const own = bookingAt(slot, { occupied });
    const to = { start: slot.start + QUARTER, end: slot.end + QUARTER };
    expect(occupiedAfter(hostOf(own), move(to, buffered))).toEqual({ start: slot.start, end: slot.end + 3 * QUARTER });
    expect(occupiedAfter(hostOf(own), move(behind, under({})))).toEqual(behind);
    const other = bookingAt({ start: slot.end + 3 * QUARTER - 1, end: slot.end + HOUR }, { id: "other" });
    expect(occupiedAfter(hostOf(own, other), move(to, buffered))).toBe("SLOT_TAKEN");
  });
});

describe("a booking that moves", () => {
  const own = bookingAt(elsewhere, { seat: 2 });

  test.each([
    ["keeps its seat where that is free", [], 3, 2],
    ["keeps it beside others", [1, 3], 3, 2],
    ["gets the lowest where it is taken", [2], 3, 1],
    ["gets the only one that is free", [1, 2], 3, 3],
    ["gets one that the host has, if there are fewer by now", [], 1, 1],
    ["is refused where all are taken", [1, 2, 3], 3, "SLOT_TAKEN"],
    ["is refused where others are in seats that the host has no more", [3], 1, "SLOT_TAKEN"],
  ])("%s", (_what, taken, seats, given) => {
    expect(seatsAfter(hostOf(own, ...inSeats(...taken)), move(slot, under({ seats })))).toEqual([given]);
  });

  test("is not in its own way, in whichever seat", () => {
    const to = { start: elsewhere.start + QUARTER, end: elsewhere.end };
    expect(seatsAfter(hostOf(own), move(to))).toEqual([1]);
  });

  test("of two that change seats in a batch, each has one of its own afterwards", () => {
    const other = bookingAt(slot, { id: "other", seat: 2 });
    const two = under({ seats: 2 });
    const commands = [move(slot, two), move(elsewhere, { bookingId: "other", ...two }), move(elsewhere, two)];
    const { changes } = decide(hostOf(own, other), commands, NOW, LIMITS);
    expect(changes.map(({ after }) => [after.id, after.during, after.seat])).toEqual([
      ["b1", elsewhere, 1],
      ["other", elsewhere, 2],
    ]);
  });
});
