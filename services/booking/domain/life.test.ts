/** The life of a booking: what each command does to it in each state and phase. docs/life-of-a-booking.md shows the same. */

import { describe, expect, test } from "vitest";
import {
  bookingOf,
  hostOf,
  HOUR,
  move,
  NOW,
  only,
  type Phase,
  said,
  operations,
} from "../../../test/support/deciding.ts";
import type { BookingState } from "./booking.ts";
import type { Command } from "./command.ts";

/** A hold ends at its start at the latest, so one that is not overdue has not started. */
const overdue = NOW;
const over = "BOOKING_NOT_ACTIVE";
const gone = { cancel: over, reschedule: over, extend: over };
/** A reschedule that keeps the start: it makes the booking longer. */
const longer = NOW + 3 * HOUR;
const table: [state: BookingState, phase: Phase, expireTime: number | undefined, Record<string, string>][] = [
  [
    "HELD",
    "before its start",
    undefined,
    { confirm: "CONFIRMED", cancel: "CANCELLED", reschedule: "HELD", extend: "HELD" },
  ],
  ["HELD", "before its start", overdue, { confirm: "HOLD_EXPIRED", ...gone }],
  ["HELD", "after its start", overdue, { confirm: "HOLD_EXPIRED", ...gone }],
  ["HELD", "after its end", overdue, { confirm: "HOLD_EXPIRED", ...gone }],
  [
    "CONFIRMED",
    "before its start",
    undefined,
    { confirm: "CONFIRMED", cancel: "CANCELLED", reschedule: "CONFIRMED", extend: "CONFIRMED" },
  ],
  [
    "CONFIRMED",
    "after its start",
    undefined,
    { ...gone, confirm: "CONFIRMED", cancel: "CANCELLED", extend: "CONFIRMED" },
  ],
  ["CONFIRMED", "after its end", undefined, { confirm: "CONFIRMED", ...gone }],
  ["CANCELLED", "before its start", undefined, { ...gone, confirm: "BOOKING_NOT_ACTIVE", cancel: "CANCELLED" }],
  ["CANCELLED", "after its start", undefined, { ...gone, confirm: "BOOKING_NOT_ACTIVE", cancel: "CANCELLED" }],
  ["CANCELLED", "after its end", undefined, { ...gone, confirm: "BOOKING_NOT_ACTIVE", cancel: "CANCELLED" }],
  ["EXPIRED", "before its start", overdue, { confirm: "HOLD_EXPIRED", ...gone }],
  ["EXPIRED", "after its start", overdue, { confirm: "HOLD_EXPIRED", ...gone }],
  ["EXPIRED", "after its end", overdue, { confirm: "HOLD_EXPIRED", ...gone }],
];

const eventOf: Record<string, string> = {
  confirm: "CONFIRMED",
  cancel: "CANCELLED",
  reschedule: "RESCHEDULED",
  extend: "RESCHEDULED",
};

describe("the life of a booking", () => {
  const cases = table.flatMap(([state, phase, expireTime, expected]) =>
    Object.entries({ ...expected, expire: "idle" }).map(([operation, answer]) => ({
      state,
      phase,
      expireTime,
      operation,
      answer,
    })),
  );
  test.each(cases)("$state (expiry $expireTime) $phase: $operation gives $answer", (row) => {
    const before = bookingOf(row.state, row.phase, row.expireTime);
    const extend = move({ start: before.during.start, end: longer });
    const command = row.operation === "extend" ? extend : operations[row.operation];
    if (command === undefined) throw new Error(`no operation ${row.operation}`);
    const { outcome, events, changed } = only(hostOf(before), command);
    expect(said(outcome)).toBe(row.answer);

    // An overdue hold is recorded whatever it is met by; apart from that only what succeeds and differs is an event.
    const isOverdue = row.state === "HELD" && row.expireTime === overdue;
    const isNew = outcome.kind === "booked" && outcome.booking.version !== before.version;
    expect(events).toEqual([...(isOverdue ? ["EXPIRED"] : []), ...(isNew ? [eventOf[row.operation]] : [])]);
    expect(changed).toBe(events.length);
    if (isNew) expect(outcome.kind === "booked" && outcome.booking.version).toBe(before.version + 1);
  });

  test("nothing happens to a booking that does not exist", () => {
    for (const name of ["confirm", "cancel", "reschedule"]) {
      const command = operations[name];
      if (command === undefined) throw new Error(name);
      expect(said(only(hostOf(), command).outcome)).toBe("BOOKING_NOT_FOUND");
    }
  });

  test.each(["confirm", "cancel", "reschedule"])("%s with another etag is refused and changes nothing", (name) => {
    const command = { ...operations[name], etag: '"2"' } as Command;
    const { outcome, changed } = only(hostOf(bookingOf("HELD", "before its start")), command);
    expect(said(outcome)).toBe("ETAG_MISMATCH");
    expect(changed).toBe(0);
    expect(
      said(only(hostOf(bookingOf("HELD", "before its start")), { ...command, etag: '"3"' } as Command).outcome),
    ).not.toBe("ETAG_MISMATCH");
  });
});
