import { describe, expect, test } from "vitest";
import type { Interval } from "../../../shared/interval.ts";
import {
  bookingAt,
  bookingOf,
  create,
  during,
  host,
  hostOf,
  HOUR,
  LIMITS,
  NOW,
  only,
  said,
} from "../../../test/support/deciding.ts";
import { fenceCommand } from "../../../test/support/fence-command.ts";
import type { Booking } from "./booking.ts";
import type { Fenced, FenceCommand, HostState } from "./command.ts";
import { decide } from "./decide.ts";

const fence = (...ranges: Interval[]): FenceCommand => fenceCommand(host, ranges);
const confirmed = { id: "c", start: NOW + 1, end: NOW + 2 };

/** The hours after the next one, so that the holds of several do not overlap. */
function holdIn(hour: number, expireTime?: number): Booking {
  const start = NOW + hour * HOUR;
  const hold = bookingOf("HELD", "before its start", expireTime);
  return bookingAt({ start, end: start + HOUR }, { state: "HELD", id: `hold ${hour}`, expireTime: hold.expireTime! });
}

function fenced(state: HostState, command: FenceCommand): Fenced & { readonly events: readonly string[] } {
  const { outcome, events } = only(state, command);
  if (outcome.kind !== "fenced") throw new Error(`ended as ${outcome.kind}`);
  return { ...outcome.fenced, events };
}

describe("a fence", () => {
  test("raises the generation, with or without ranges, and makes no event", () => {
    const decision = decide(hostOf(), [fence(), fence({ start: 0, end: 1 })], NOW, LIMITS);
    expect(decision.generation).toBe(9);
    expect(decision.events).toEqual([]);
  });

  test("ends the calendars of the same batch", () => {
    expect(decide(hostOf(), [fence(), create()], NOW, LIMITS).outcomes.map(said)).toEqual(["fenced", "stale"]);
  });

  test("counts active holds that overlap a range, touching ones not", () => {
    const hold = bookingOf("HELD", "before its start");
    const { start, end } = hold.during;
    const conflicts = (range: Interval): number => fenced(hostOf(hold), fence(range)).bookingCount;
    expect(conflicts({ start: start - 1, end: start + 1 })).toBe(1);
    expect(conflicts({ start: end - 1, end: end + 1 })).toBe(1);
    expect(conflicts({ start: end, end: end + 1 })).toBe(0);
    expect(conflicts({ start: start - 1, end: start })).toBe(0);
  });

  test("records overdue holds in its way instead of counting them", () => {
    const state = hostOf(bookingOf("HELD", "before its start", NOW));
    const { bookingCount, events } = fenced(state, fence(during["before its start"]));
    expect(bookingCount).toBe(0);
    expect(events).toEqual(["EXPIRED"]);
  });

  test("adds up what storage counted and the holds", () => {
    const command = fence(during["before its start"]);
    const confirmedInRanges = new Map([[command, { first: [confirmed], count: 30 }]]);
    const state = { ...hostOf(bookingOf("HELD", "before its start")), confirmedInRanges };
    expect(fenced(state, command)).toEqual({
      generation: 8,
      bookings: [confirmed, { id: "b1", ...during["before its start"] }],
      bookingCount: 31,
      lastBookingEnd: undefined,
      events: [],
    });
  });

  test.each([
    [1, ["c"]],
    [2, ["c", "hold 1"]],
    [500, ["c", "hold 1", "hold 2"]],
  ])("that lists at most %i bookings lists the first and counts all", (maxBookings, listed) => {
    const command = fenceCommand(host, [{ start: NOW, end: NOW + 9 * HOUR }], { maxBookings });
    const confirmedInRanges = new Map([[command, { first: [confirmed], count: 1 }]]);
    const { bookings, bookingCount } = fenced({ ...hostOf(holdIn(2), holdIn(1)), confirmedInRanges }, command);
    expect([bookings.map(({ id }) => id), bookingCount]).toEqual([listed, 3]);
  });
});

describe("the end of the host's last booking", () => {
  const lastConfirmedEnd = NOW + 3 * HOUR;
  const find = fenceCommand(host, [], { findLastBooking: true });

  test("is not told where nobody asks", () => {
    const state = { ...hostOf(holdIn(1)), lastConfirmedEnd };
    expect(fenced(state, fence({ start: 0, end: 1 })).lastBookingEnd).toBeUndefined();
  });

  test.each([
    ["is not there where there are none", undefined, [], undefined],
    ["is that of the last confirmed one", lastConfirmedEnd, [], lastConfirmedEnd],
    ["is that of the last confirmed one behind all holds", lastConfirmedEnd, [holdIn(1)], lastConfirmedEnd],
    ["is that of a hold behind all confirmed ones", lastConfirmedEnd, [holdIn(1), holdIn(4)], NOW + 5 * HOUR],
    ["is that of a hold where none is confirmed", undefined, [holdIn(4), holdIn(1)], NOW + 5 * HOUR],
    ["is not that of a hold that is overdue", lastConfirmedEnd, [holdIn(4, NOW), holdIn(1)], lastConfirmedEnd],
    ["is not there where the only hold is overdue", undefined, [holdIn(4, NOW)], undefined],
  ])("%s", (_which, end, holds, expected) => {
    expect(fenced({ ...hostOf(...holds), lastConfirmedEnd: end }, find).lastBookingEnd).toBe(expected);
  });

  test("does not put a hold in the way of ranges that it does not overlap", () => {
    const command = fenceCommand(host, [{ start: NOW, end: NOW + HOUR }], { findLastBooking: true });
    expect(fenced(hostOf(holdIn(1)), command)).toMatchObject({ bookings: [], lastBookingEnd: NOW + 2 * HOUR });
  });

  // Time behind the last booking is removed without another look, so a clock that steps back may revive nothing there.
  test("records overdue holds, wherever they are", () => {
    expect(fenced(hostOf(holdIn(4, NOW), holdIn(1)), find).events).toEqual(["EXPIRED"]);
    expect(fenced(hostOf(holdIn(4, NOW), holdIn(1)), fence()).events).toEqual([]);
  });
});
