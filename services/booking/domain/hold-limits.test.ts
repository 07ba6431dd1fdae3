import { expect, test } from "vitest";
import { closedCalendar, openCalendar } from "../../../test/support/calendars.ts";
import type { Booking } from "./booking.ts";
import type { Command, CreateCommand, HoldCount, HostState, Outcome } from "./command.ts";
import { decide } from "./decide.ts";

const NOW = 1_000_000;
const HOUR = 3_600_000;
const LIMITS = { perGuestAndHost: 3, perGuest: 5 };
const asked = { hostId: "h", actor: "tester" };
const hourOf = (hour: number) => ({ start: NOW + hour * HOUR, end: NOW + (hour + 1) * HOUR });

function hostOf(holds: Record<string, HoldCount> = {}, bookings: Booking[] = []): HostState {
  const none = { requests: new Map(), inactive: new Map(), confirmedInRanges: new Map(), lastConfirmedEnd: undefined };
  return {
    hostId: "h",
    generation: 7,
    sequence: 0,
    forgottenTo: 0,
    bookings,
    holds: new Map(Object.entries(holds)),
    ...none,
  };
}

function hold(hour: number, change: Partial<CreateCommand> = {}): CreateCommand {
  const create = { ...asked, kind: "create", bookingId: `b${hour}`, guestId: "g", holdMs: HOUR } as const;
  const terms = { details: {}, ignoresNotice: false, calendar: openCalendar(7) };
  return { ...create, during: hourOf(hour), ...terms, ...change };
}

function heldBy(guestId: string, expireTime: number): Booking {
  const times = { during: hourOf(20), occupied: hourOf(20), expireTime, createTime: 1, updateTime: 1 };
  const what = { id: "held", hostId: "h", guestId, seat: 1, state: "HELD", version: 1, sequence: 1 } as const;
  return { ...what, ...times, details: {} };
}

function said(state: HostState, commands: readonly Command[]): string[] {
  return decide(state, commands, NOW, LIMITS).outcomes.map((outcome: Outcome) => {
    if (outcome.kind === "booked") return outcome.booking.state;
    return outcome.kind === "refused" ? outcome.refusal.reason : outcome.kind;
  });
}

const three = { withHost: 3, inAll: 3 };

test("of one guest's holds in a batch as many are made as one may have, and others' are none of its business", () => {
  const others = [hold(10, { guestId: "other" }), hold(11, { holdMs: undefined })];
  expect(said(hostOf(), [hold(1), hold(2), hold(3), hold(4), ...others])).toEqual([
    "HELD",
    "HELD",
    "HELD",
    "TOO_MANY_HOLDS",
    "HELD",
    "CONFIRMED",
  ]);
});

test("what is stored counts, with the host and in all", () => {
  expect(said(hostOf({ g: { withHost: 2, inAll: 2 } }), [hold(1), hold(2)])).toEqual(["HELD", "TOO_MANY_HOLDS"]);
  expect(said(hostOf({ g: { withHost: 0, inAll: 4 } }), [hold(1), hold(2)])).toEqual(["HELD", "TOO_MANY_HOLDS"]);
});

test.each(["confirm", "cancel"] as const)("a hold that the batch has %sed makes room for one", (kind) => {
  const stored = hostOf({ g: three }, [heldBy("g", NOW + 1)]);
  const change = { ...asked, kind, bookingId: "held" };
  const state = kind === "confirm" ? "CONFIRMED" : "CANCELLED";
  expect(said(stored, [hold(1), change, hold(2), hold(3)])).toEqual([
    "TOO_MANY_HOLDS",
    state,
    "HELD",
    "TOO_MANY_HOLDS",
  ]);
});

test("a hold that a batch makes and cancels, again and again, is one hold", () => {
  const commands = Array.from({ length: 8 }, (_, turn) => {
    const bookingId = `again ${turn}`;
    return [hold(1, { bookingId }), { ...asked, kind: "cancel", bookingId } as const];
  }).flat();
  expect(new Set(said(hostOf({ g: { withHost: 2, inAll: 2 } }), commands))).toEqual(new Set(["HELD", "CANCELLED"]));
});

test("an overdue hold was not counted, so that recording its end makes no room", () => {
  const stored = hostOf({ g: { withHost: 2, inAll: 2 } }, [heldBy("g", NOW)]);
  const expire = { ...asked, kind: "expire", bookingId: "held" } as const;
  expect(said(stored, [expire, hold(1), hold(2)])).toEqual(["idle", "HELD", "TOO_MANY_HOLDS"]);
});

test("a hold that moves is the same hold", () => {
  const stored = hostOf({ g: { withHost: 2, inAll: 2 } }, [heldBy("g", NOW + 1)]);
  const terms = { ignoresNotice: false, calendar: openCalendar(7) };
  const move = { ...asked, kind: "reschedule", bookingId: "held", during: hourOf(5), ...terms } as const;
  expect(said(stored, [move, hold(1), hold(2)])).toEqual(["HELD", "HELD", "TOO_MANY_HOLDS"]);
});

test("a request that was carried out is answered before anything is counted; open time and the clock come first too", () => {
  const request = { id: "r", method: "CreateBooking", contentHash: "aa" };
  const answer = heldBy("g", NOW + 1);
  const stored = { ...hostOf({ g: three }), requests: new Map([["r", { key: request, answer }]]) };
  const outside = hold(2, { calendar: closedCalendar(7) });
  const stale = hold(2, { calendar: openCalendar(6) });
  expect(said(stored, [hold(1, { request }), outside, stale, hold(-1)])).toEqual([
    "HELD",
    "OUTSIDE_AVAILABILITY",
    "stale",
    "START_IN_PAST",
  ]);
});

test("a guest that holds enough is not sent to look for another slot", () => {
  const taken = [heldBy("other", NOW + 1)];
  expect(said(hostOf({ g: three }, taken), [hold(20)])).toEqual(["TOO_MANY_HOLDS"]);
  expect(said(hostOf({}, taken), [hold(20)])).toEqual(["SLOT_TAKEN"]);
});
