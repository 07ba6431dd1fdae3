import { describe, expect, test } from "vitest";
import {
  bookingOf,
  calendar,
  during,
  elsewhere,
  asked,
  guest,
  host,
  hostOf,
  HOUR,
  LIMITS,
  NOW,
  only,
  said,
} from "../../../test/support/deciding.ts";
import { fenceCommand } from "../../../test/support/fence-command.ts";
import type { Interval } from "../../../shared/interval.ts";
import type { Booking } from "./booking.ts";
import type { Command, Fenced, FenceCommand, HostState } from "./command.ts";
import { decide } from "./decide.ts";

describe("fence", () => {
  const fence = (...ranges: Interval[]): FenceCommand => fenceCommand(host, ranges);
  const confirmed = { id: "c", start: NOW + 1, end: NOW + 2 };
  const confirmedWith = (command: FenceCommand, count: number): HostState => ({
    ...hostOf(),
    confirmedInRanges: new Map([[command, { first: [confirmed], count }]]),
  });

  test("raises the generation, with or without ranges, and makes no event", () => {
    const decision = decide(hostOf(), [fence(), fence({ start: 0, end: 1 })], NOW, LIMITS);
    expect(decision.generation).toBe(9);
    expect(decision.events).toEqual([]);
  });

  test("ends the calendars of the same batch", () => {
    const create: Command = {
      ...asked,
      kind: "create",
      bookingId: "b2",
      guestId: guest,
      during: elsewhere,
      calendar,
    };
    expect(decide(hostOf(), [fence(), create], NOW, LIMITS).outcomes.map(said)).toEqual(["fenced", "stale"]);
  });

  test("counts active holds that overlap a range, touching ones not", () => {
    const hold = bookingOf("HELD", "before its start");
    const { start, end } = hold.during;
    const conflicts = (range: Interval): number => {
      const { outcome } = only(hostOf(hold), fence(range));
      return outcome.kind === "fenced" ? outcome.fenced.bookingCount : Number.NaN;
    };
    expect(conflicts({ start: start - 1, end: start + 1 })).toBe(1);
    expect(conflicts({ start: end - 1, end: end + 1 })).toBe(1);
    expect(conflicts({ start: end, end: end + 1 })).toBe(0);
    expect(conflicts({ start: start - 1, end: start })).toBe(0);
  });

  test("records overdue holds in its way instead of counting them", () => {
    const { outcome, events } = only(
      hostOf(bookingOf("HELD", "before its start", NOW)),
      fence(during["before its start"]),
    );
    expect(outcome.kind === "fenced" && outcome.fenced.bookingCount).toBe(0);
    expect(events).toEqual(["EXPIRED"]);
  });

  test("adds up what storage counted and the holds", () => {
    const command = fence(during["before its start"]);
    const state = { ...confirmedWith(command, 30), bookings: [bookingOf("HELD", "before its start")] };
    const { outcome } = only(state, command);
    expect(outcome.kind === "fenced" && outcome.fenced).toEqual({
      generation: 8,
      bookings: [confirmed, { id: "b1", ...during["before its start"] }],
      bookingCount: 31,
      lastBookingEnd: undefined,
    });
  });
});
