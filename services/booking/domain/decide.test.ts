import { describe, expect, test } from "vitest";
import { closedCalendar, openCalendar } from "../../../test/support/calendars.ts";
import {
  bookingAt,
  bookingOf,
  create,
  during,
  hostOf,
  HOUR,
  LIMITS,
  move,
  NOW,
  only,
  said,
  asked,
  elsewhere,
  operations,
} from "../../../test/support/deciding.ts";
import type { CreateCommand } from "./command.ts";
import { decide } from "./decide.ts";

describe("create", () => {
  const slot = { start: NOW + HOUR, end: NOW + 2 * HOUR };
  test("a booking that touches another on both sides is accepted", () => {
    const before = bookingAt({ start: NOW, end: slot.start }, { id: "l" });
    const behind = bookingAt({ start: slot.end, end: slot.end + 1 }, { id: "r" });
    expect(said(only(hostOf(before, behind), create()).outcome)).toBe("CONFIRMED");
  });

  test.each([
    ["CONFIRMED", undefined, "SLOT_TAKEN"],
    ["HELD", NOW + 1, "SLOT_TAKEN"],
    ["HELD", NOW, "CONFIRMED"],
    ["CANCELLED", undefined, "CONFIRMED"],
    ["EXPIRED", NOW, "CONFIRMED"],
  ] as const)("over a %s booking (expiry %s) gives %s", (state, expireTime, answer) => {
    expect(said(only(hostOf(bookingOf(state, "before its start", expireTime)), create()).outcome)).toBe(answer);
  });

  test("an overdue hold is recorded as expired before its time is given away", () => {
    const { events } = only(hostOf(bookingOf("HELD", "before its start", NOW)), create());
    expect(events).toEqual(["EXPIRED", "CONFIRMED"]);
  });

  test.each([6, 8])(
    "a calendar of generation %i is stale under generation 7, in whichever direction it differs",
    (generation) => {
      const outcome = only(hostOf(), create({ calendar: closedCalendar(generation) })).outcome;
      expect(said(outcome)).toBe("stale");
    },
  );

  test("what is not open, or not on the grid, is refused before the clock and other bookings are asked", () => {
    const past = { start: NOW - HOUR, end: NOW };
    const state = hostOf(bookingAt(past));
    const reason = (change: Partial<CreateCommand>): string =>
      said(only(state, create({ during: past, ...change })).outcome);
    expect(reason({ calendar: closedCalendar(7) })).toBe("OUTSIDE_AVAILABILITY");
    expect(reason({ calendar: openCalendar(7, { slotMs: 7 }) })).toBe("OFF_GRID");
    expect(reason({})).toBe("START_IN_PAST");
    const { during: later } = bookingOf("CONFIRMED", "before its start");
    const over = create({ during: later });
    expect(said(only(hostOf(bookingOf("CONFIRMED", "before its start")), over).outcome)).toBe("SLOT_TAKEN");
  });

  test("now is not the past, a millisecond ago is", () => {
    expect(said(only(hostOf(), create({ during: { start: NOW, end: NOW + 1 } })).outcome)).toBe("CONFIRMED");
    expect(said(only(hostOf(), create({ during: { start: NOW - 1, end: NOW } })).outcome)).toBe("START_IN_PAST");
  });

  test("a hold ends at its start at the latest, and one that would be over at once is refused", () => {
    const held = only(hostOf(), create({ holdMs: 24 * HOUR })).outcome;
    expect(held.kind === "booked" && held.booking.expireTime).toBe(slot.start);
    expect(said(only(hostOf(), create({ holdMs: HOUR, during: { start: NOW, end: NOW + HOUR } })).outcome)).toBe(
      "START_IN_PAST",
    );
  });

  test("of commands for one slot in a batch the first wins, and the sequence has no gap", () => {
    const commands = ["x", "y", "z"].map((bookingId) => create({ bookingId }));
    const { outcomes, events } = decide(
      hostOf(),
      [...commands, create({ bookingId: "w", during: elsewhere })],
      NOW,
      LIMITS,
    );
    expect(outcomes.map(said)).toEqual(["CONFIRMED", "SLOT_TAKEN", "SLOT_TAKEN", "CONFIRMED"]);
    expect(events.map((event) => event.sequence)).toEqual([41, 42]);
  });

  test("an overdue hold that storage has found twice is recorded as expired once", () => {
    const hold = bookingOf("HELD", "before its start", NOW);
    const commands = [create(), { ...asked, kind: "expire", bookingId: "b1" } as const];
    const { events } = decide(hostOf(hold, { ...hold }), commands, NOW, LIMITS);
    expect(events.map((event) => event.kind)).toEqual(["EXPIRED", "CONFIRMED"]);
  });

  test("every change leaves the booking with the sequence of its event", () => {
    const stored = bookingOf("HELD", "before its start", NOW + HOUR / 2);
    for (const operation of ["confirm", "cancel", "reschedule"]) {
      const { events, changes } = decide(hostOf(stored), [operations[operation]!], NOW, LIMITS);
      expect([events[0]?.sequence, events[0]?.booking.sequence, changes[0]?.after.sequence]).toEqual([41, 41, 41]);
    }
  });
});

describe("reschedule", () => {
  const own = during["before its start"];

  test("may overlap its own old time, but nobody else's", () => {
    const other = bookingAt({ start: own.end, end: own.end + HOUR }, { id: "o" });
    const into = { start: own.start + HOUR / 2, end: own.end };
    expect(said(only(hostOf(bookingOf("CONFIRMED", "before its start"), other), move(into)).outcome)).toBe("CONFIRMED");
    const over = { start: own.start + HOUR / 2, end: own.end + HOUR / 2 };
    expect(said(only(hostOf(bookingOf("CONFIRMED", "before its start"), other), move(over)).outcome)).toBe(
      "SLOT_TAKEN",
    );
  });

  test("records an overdue hold as expired before it takes its time", () => {
    const hold = bookingAt(elsewhere, { id: "o", state: "HELD", expireTime: NOW });
    const { events } = only(hostOf(bookingOf("CONFIRMED", "before its start"), hold), move(elsewhere));
    expect(events).toEqual(["EXPIRED", "RESCHEDULED"]);
  });

  test("compares the generation like a create", () => {
    const stale = move(elsewhere, { calendar: openCalendar(6) });
    expect(said(only(hostOf(bookingOf("CONFIRMED", "before its start")), stale).outcome)).toBe("stale");
  });

  test("a hold keeps its expiry, but never past the new start", () => {
    const hold = bookingOf("HELD", "before its start", NOW + HOUR / 2);
    const later = only(hostOf(hold), move(elsewhere)).outcome;
    expect(later.kind === "booked" && later.booking.expireTime).toBe(NOW + HOUR / 2);
    const sooner = only(hostOf(hold), move({ start: NOW + 5, end: NOW + 10 })).outcome;
    expect(sooner.kind === "booked" && sooner.booking.expireTime).toBe(NOW + 5);
  });

  test("two bookings may change places in one batch", () => {
    const other = bookingAt(elsewhere, { id: "o" });
    const aside = { start: NOW + 8 * HOUR, end: NOW + 9 * HOUR };
    const commands = [move(aside), move(own, { bookingId: "o" }), move(elsewhere)];
    const { outcomes, changes } = decide(
      hostOf(bookingOf("CONFIRMED", "before its start"), other),
      commands,
      NOW,
      LIMITS,
    );
    expect(outcomes.map(said)).toEqual(["CONFIRMED", "CONFIRMED", "CONFIRMED"]);
    expect(changes.map(({ after }) => [after.id, after.during])).toEqual([
      ["b1", elsewhere],
      ["o", own],
    ]);
  });
});
