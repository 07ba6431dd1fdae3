/** Notice and horizon, and what is not asked again of a booking that keeps its start. */

import { describe, expect, test } from "vitest";
import { openCalendar } from "../../../test/support/calendars.ts";
import {
  bookingAt,
  bookingOf,
  create,
  during,
  elsewhere,
  hostOf,
  HOUR,
  move,
  NOW,
  only,
  said,
} from "../../../test/support/deciding.ts";
import type { Interval } from "../../../shared/interval.ts";
import type { Booking } from "./booking.ts";
import type { Calendar } from "./calendar.ts";
import type { Command } from "./command.ts";
import type { Rules } from "./rules.ts";

const at = (start: number): Interval => ({ start, end: start + HOUR });

describe("notice and horizon", () => {
  const calendar = openCalendar(7, { noticeMs: 2 * HOUR, horizonMs: 4 * HOUR });
  const [soonest, latest] = [NOW + 2 * HOUR, NOW + 4 * HOUR];
  const writes: [string, (start: number, ignoresNotice: boolean) => Command][] = [
    ["create", (start, ignoresNotice) => create({ during: at(start), calendar, ignoresNotice })],
    ["reschedule", (start, ignoresNotice) => move(at(start), { calendar, ignoresNotice })],
  ];

  test.each(writes)("are exact to the millisecond for a %s, and only notice can be ignored", (_which, write) => {
    const state = hostOf(bookingAt(elsewhere));
    const answers = (ignoresNotice: boolean): string[] =>
      [NOW - 1, NOW, soonest - 1, soonest, latest, latest + 1].map((start) =>
        said(only(state, write(start, ignoresNotice)).outcome),
      );
    const [past, soon, far] = ["START_IN_PAST", "TOO_SOON", "TOO_FAR"];
    expect(answers(false)).toEqual([past, soon, soon, "CONFIRMED", "CONFIRMED", far]);
    expect(answers(true)).toEqual([past, "CONFIRMED", "CONFIRMED", "CONFIRMED", "CONFIRMED", far]);
  });

  test.each(writes)("tell a %s the first or the last start that they allow", (_which, write) => {
    const metadataAt = (start: number): unknown => {
      const { outcome } = only(hostOf(bookingAt(elsewhere)), write(start, false));
      return outcome.kind === "refused" ? outcome.refusal.details.metadata : undefined;
    };
    expect(metadataAt(NOW)).toEqual({ earliest_start_time: new Date(soonest).toISOString() });
    expect(metadataAt(latest + 1)).toEqual({ latest_start_time: new Date(latest).toISOString() });
  });

  test("come before other bookings, and behind open time", () => {
    const state = hostOf(bookingAt(at(NOW)), bookingAt(at(latest + HOUR), { id: "late" }));
    expect(said(only(state, create({ during: at(NOW), calendar })).outcome)).toBe("TOO_SOON");
    expect(said(only(state, create({ during: at(latest + HOUR), calendar })).outcome)).toBe("TOO_FAR");
    const closed = { ...calendar, intervals: [] };
    expect(said(only(state, create({ during: at(NOW), calendar: closed })).outcome)).toBe("OUTSIDE_AVAILABILITY");
  });

  test("are not asked of a start that stays", () => {
    for (const start of [NOW, latest + 1, soonest - 1]) {
      const longer = { start, end: start + 2 * HOUR };
      expect(said(only(hostOf(bookingAt(at(start))), move(longer, { calendar })).outcome)).not.toMatch(/^TOO_/);
      expect(said(only(hostOf(bookingAt(at(start + 1))), move(longer, { calendar })).outcome)).toMatch(/^TOO_/);
    }
  });
});

describe("a booking that is under way", () => {
  const HALF = HOUR / 2;
  const running = bookingOf("CONFIRMED", "after its start");
  const { start } = running.during;
  const open: Interval = { start: NOW - 2 * HOUR, end: NOW + 3 * HOUR };

  function calendarOf(rules: Partial<Rules> = {}): Calendar {
    const intervals = [{ ...open, origin: open.start }];
    return { ...openCalendar(7, { slotMs: HALF, ...rules }), intervals };
  }

  function until(end: number, others: readonly Booking[] = [], calendar = calendarOf()): string {
    return said(only(hostOf(running, ...others), move({ start, end }, { calendar })).outcome);
  }

  test("can be made longer or shorter at its end, as long as some of it is ahead", () => {
    expect(until(NOW + HOUR + HALF)).toBe("CONFIRMED");
    expect(until(open.end)).toBe("CONFIRMED");
    expect(until(NOW + HALF)).toBe("CONFIRMED");
    const { outcome, events } = only(hostOf(running), move({ start, end: NOW }, { calendar: calendarOf() }));
    expect([said(outcome), events]).toEqual(["START_IN_PAST", []]);
    expect(outcome.kind === "refused" && outcome.refusal.message).toBe("the asked end has passed");
  });

  test("keeps its seat, and has the buffer behind it of the rules as they are, and none that has grown in front of it", () => {
    const seated = { ...running, seat: 2 };
    const calendar = calendarOf({ seats: 2, bufferBeforeMs: 7, bufferAfterMs: 9 });
    const end = NOW + 2 * HOUR;
    // Nearer than the new buffer: by the rules of its time it was far enough.
    const before = bookingAt(at(start - HOUR), { id: "before", seat: 2 });
    const { outcome, events } = only(hostOf(seated, before), move({ start, end }, { calendar }));
    expect(outcome.kind === "booked" && outcome.booking).toMatchObject({
      during: { start, end },
      occupied: { start, end: end + 9 },
      seat: 2,
      version: running.version + 1,
    });
    expect(events).toEqual(["RESCHEDULED"]);
  });

  test("keeps what it has when the rules have changed since: a seat that the host no longer has, and time behind it", () => {
    const seated = { ...running, seat: 2 };
    const other = bookingAt(running.during, { id: "other" });
    const next = bookingAt(at(NOW + HOUR + HALF), { id: "next", seat: 2 });
    const calendar = calendarOf({ seats: 1, bufferAfterMs: HOUR });
    const shorter = only(hostOf(seated, other, next), move({ start, end: NOW + HALF }, { calendar })).outcome;
    expect(shorter.kind === "booked" && shorter.booking).toMatchObject({
      seat: 2,
      occupied: { start, end: NOW + HOUR },
    });
    const longer = move({ start, end: NOW + HOUR + HALF }, { calendar });
    expect(said(only(hostOf(seated, other), longer).outcome)).toBe("CONFIRMED");
    expect(said(only(hostOf(seated, other, next), longer).outcome)).toBe("SLOT_TAKEN");
  });

  test("goes to another seat where its own is taken behind it, if that is free for all of its time", () => {
    const next = bookingAt(at(NOW + HOUR), { id: "next" });
    const calendar = calendarOf({ seats: 2 });
    const longer = move({ start, end: NOW + 2 * HOUR }, { calendar });
    const { outcome } = only(hostOf(running, next), longer);
    expect(outcome.kind === "booked" && outcome.booking.seat).toBe(2);
    const before = bookingAt(running.during, { id: "before", seat: 2 });
    expect(said(only(hostOf(running, next, before), longer).outcome)).toBe("SLOT_TAKEN");
  });

  test("is not made longer into taken time, buffers included, nor out of open time, nor to an end off the grid", () => {
    const next = bookingAt(at(NOW + HOUR + HALF), { id: "next" });
    expect(until(NOW + HOUR + HALF, [next])).toBe("CONFIRMED");
    expect(until(NOW + 2 * HOUR, [next])).toBe("SLOT_TAKEN");
    expect(until(NOW + HOUR + HALF, [next], calendarOf({ bufferAfterMs: 1 }))).toBe("SLOT_TAKEN");
    expect(until(NOW + 2 * HOUR, [next], calendarOf({ seats: 2 }))).toBe("CONFIRMED");
    expect(until(open.end + HALF)).toBe("OUTSIDE_AVAILABILITY");
    expect(until(NOW + HALF + 1)).toBe("OFF_GRID");
  });

  test("may have begun off the grid that there is now", () => {
    const calendar = calendarOf({ slotMs: 2 * HOUR });
    expect(until(open.start + 4 * HOUR, [], calendar)).toBe("CONFIRMED");
    expect(until(open.start + 3 * HOUR, [], calendar)).toBe("OFF_GRID");
  });

  test.each([
    ["another start while it is under way", running, { start: start + HALF, end: NOW + HOUR }],
    ["a start ahead while it is under way", running, elsewhere],
    ["a start a millisecond later", running, { start: start + 1, end: NOW + HOUR }],
    [
      "its own start when it has ended",
      bookingOf("CONFIRMED", "after its end"),
      { ...during["after its end"], end: NOW + HOUR },
    ],
    ["its own start when it ends now", bookingAt({ start, end: NOW }), { start, end: NOW + HOUR }],
    ["its own start when it is cancelled", bookingOf("CANCELLED", "after its start"), { start, end: NOW + HALF }],
  ])("%s: BOOKING_NOT_ACTIVE", (_what, booking, to) => {
    const { outcome, events } = only(hostOf(booking), move(to, { calendar: calendarOf() }));
    expect([said(outcome), events]).toEqual(["BOOKING_NOT_ACTIVE", []]);
  });

  test("is changed by a calendar that holds, and by a caller who has seen it", () => {
    const to = { start, end: NOW + HALF };
    expect(said(only(hostOf(running), move(to, { calendar: openCalendar(6) })).outcome)).toBe("stale");
    expect(said(only(hostOf(running), move(to, { etag: '"2"' })).outcome)).toBe("ETAG_MISMATCH");
  });
});

test("a hold whose start stays is a hold until the same time", () => {
  const hold = bookingOf("HELD", "before its start", NOW + HOUR);
  const longer = { start: hold.during.start, end: hold.during.end + HOUR };
  const { outcome } = only(hostOf(hold), move(longer));
  expect(outcome.kind === "booked" && outcome.booking).toMatchObject({ state: "HELD", expireTime: NOW + HOUR });
});
