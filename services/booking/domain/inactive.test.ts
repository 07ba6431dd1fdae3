/** What can still be done with a host or guest that is deactivated or erased, and what is erased with a guest. */

import { describe, expect, test } from "vitest";
import { closedCalendar } from "../../../test/support/calendars.ts";
import {
  asked,
  bookingOf,
  create,
  during,
  elsewhere,
  guest,
  host,
  hostOf,
  LIMITS,
  move,
  NOW,
  only,
  operations,
  said,
} from "../../../test/support/deciding.ts";
import type { Booking } from "./booking.ts";
import type { CancelCommand, Command, HostState } from "./command.ts";
import { decide } from "./decide.ts";
import type { Inactive } from "./user.ts";

const states: readonly Inactive[] = ["DEACTIVATED", "ERASED"];
const details = { externalId: "crm-1", note: "ring twice", labels: { room: "2" } };

function hostWhere(inactive: Record<string, Inactive>, ...bookings: Booking[]): HostState {
  return { ...hostOf(...bookings), inactive: new Map(Object.entries(inactive)) };
}

describe.each([
  [host, "HOST_DEACTIVATED"],
  [guest, "GUEST_DEACTIVATED"],
])("with %s inactive", (user, reason) => {
  describe.each(states)("%s", (state) => {
    const confirmed = hostWhere({ [user]: state }, bookingOf("CONFIRMED", "before its start"));
    const held = hostWhere({ [user]: state }, bookingOf("HELD", "before its start"));

    test.each<[what: string, at: HostState, command: Command, expected: string, events: string[]]>([
      ["no booking is made", hostWhere({ [user]: state }), create(), reason, []],
      ["no hold is made", hostWhere({ [user]: state }), create({ holdMs: 1000 }), reason, []],
      ["no hold is confirmed", held, operations["confirm"]!, reason, []],
      ["no hold is moved", held, move(elsewhere), reason, []],
      ["no booking is moved", confirmed, move(elsewhere), reason, []],
      ["no booking is made longer", confirmed, move({ ...during["before its start"], end: NOW + 1e8 }), reason, []],
      ["what is confirmed stays so", confirmed, operations["confirm"]!, "CONFIRMED", []],
      ["a booking is cancelled", confirmed, operations["cancel"]!, "CANCELLED", ["CANCELLED"]],
      ["a hold is cancelled", held, operations["cancel"]!, "CANCELLED", ["CANCELLED"]],
    ])("%s", (_what, at, command, expected, events) => {
      const { outcome, events: told } = only(at, command);
      expect([said(outcome), told]).toEqual([expected, events]);
    });

    test("a hold expires", () => {
      const overdue = hostWhere({ [user]: state }, bookingOf("HELD", "before its start", NOW));
      expect(only(overdue, operations["expire"]!).events).toEqual(["EXPIRED"]);
    });
  });
});

test("the host is told before the guest", () => {
  expect(said(only(hostWhere({ [host]: "ERASED", [guest]: "ERASED" }), create()).outcome)).toBe("HOST_DEACTIVATED");
});

describe("for a guest that is deactivated", () => {
  const inactive = { [guest]: "DEACTIVATED" } as const;
  const booking = bookingOf("CONFIRMED", "before its start");

  test.each<[what: string, command: Command, at: Booking, expected: string]>([
    ["a booking that is not there is not found", { ...move(elsewhere), bookingId: "b9" }, booking, "BOOKING_NOT_FOUND"],
    ["an etag of before is told", move(elsewhere, { etag: '"2"' }), booking, "ETAG_MISMATCH"],
    ["an expired hold is told", operations["confirm"]!, bookingOf("HELD", "before its start", NOW), "HOLD_EXPIRED"],
    ["what is cancelled is told", move(elsewhere), bookingOf("CANCELLED", "before its start"), "BOOKING_NOT_ACTIVE"],
    ["time that is taken is not", create(), booking, "GUEST_DEACTIVATED"],
    ["time that is not open is not", create({ calendar: closedCalendar(7) }), booking, "GUEST_DEACTIVATED"],
    ["a calendar that is stale is not", create({ calendar: closedCalendar(6) }), booking, "GUEST_DEACTIVATED"],
    [
      "a move by a stale calendar is not",
      move(elsewhere, { calendar: closedCalendar(6) }),
      booking,
      "GUEST_DEACTIVATED",
    ],
  ])("%s first", (_what, command, at, expected) => {
    expect(said(only(hostWhere(inactive, at), command).outcome)).toBe(expected);
  });

  test("a request that was carried out is answered as it was", () => {
    const request = { id: "r1", method: "CreateBooking", contentHash: "aa" };
    const state = { ...hostWhere(inactive, booking), requests: new Map([["r1", { key: request, answer: booking }]]) };
    expect(only(state, create({ request })).outcome).toEqual({ kind: "booked", booking });
  });
});

describe("why a booking is cancelled", () => {
  const cancel: CancelCommand = { ...asked, kind: "cancel", bookingId: "b1", reason: "ill" };
  const reasonIn = (inactive: Record<string, Inactive>): string | undefined => {
    const { outcome } = only(hostWhere(inactive, bookingOf("CONFIRMED", "before its start")), cancel);
    return outcome.kind === "booked" ? outcome.booking.cancelReason : "not cancelled";
  };

  test("is not stored of an erased guest", () => {
    expect(reasonIn({ [guest]: "ERASED" })).toBeUndefined();
    expect(reasonIn({ [guest]: "DEACTIVATED", [host]: "ERASED" })).toBe("ill");
  });

  test.each<[state: Inactive | undefined, reason: string | undefined, isSaying: boolean, hash: string]>([
    [undefined, "ill", true, "said"],
    [undefined, undefined, false, "said"],
    ["DEACTIVATED", "ill", true, "said"],
    ["ERASED", "ill", false, "unsaid"],
    ["ERASED", undefined, false, "said"],
  ])(
    "of a guest who is %s for the reason %s leaves a request that says something: %s (%s)",
    (state, reason, ...left) => {
      const at = hostWhere(state === undefined ? {} : { [guest]: state }, bookingOf("CANCELLED", "before its start"));
      const request = { id: "r1", method: "CancelBooking", contentHash: "said", unsaidHash: "unsaid" };
      const { requests } = decide(at, [{ ...cancel, reason, request }], NOW, LIMITS);
      expect(requests.map(({ isSaying, key }) => [isSaying, key.contentHash])).toEqual([left]);
    },
  );
});

test.each([
  [{ externalId: "crm-1" }, true],
  [{ note: "n" }, true],
  [{ labels: { a: "b" } }, true],
  [{}, false],
])("a create that says %s is remembered as one that says something: %s", (what, isSaying) => {
  const request = { id: "r1", method: "CreateBooking", contentHash: "aa" };
  const { requests } = decide(hostOf(), [create({ request, details: what })], NOW, LIMITS);
  expect(requests.map((each) => each.isSaying)).toEqual([isSaying]);
});

describe("an erasure", () => {
  const erase: Command = { ...asked, actor: "system", kind: "erase", bookingId: "b1" };
  const full = { ...bookingOf("CANCELLED", "before its start"), details, cancelReason: "ill" };

  test("takes all that was said of a booking, and nothing else", () => {
    const { outcome, events } = only(hostWhere({ [guest]: "ERASED" }, full), erase);
    const erased = { ...full, details: {}, cancelReason: undefined, version: 4, sequence: 41, updateTime: NOW };
    expect(outcome).toEqual({ kind: "booked", booking: erased });
    expect(events).toEqual(["ERASED"]);
  });

  test("of a hold that is over records that first", () => {
    const hold = { ...bookingOf("HELD", "before its start", NOW), details };
    expect(only(hostWhere({ [guest]: "ERASED" }, hold), erase).events).toEqual(["EXPIRED", "ERASED"]);
  });

  test.each<[what: string, state: HostState]>([
    ["where nothing is said", hostWhere({ [guest]: "ERASED" }, bookingOf("CONFIRMED", "before its start"))],
    ["of a guest that is deactivated", hostWhere({ [guest]: "DEACTIVATED" }, full)],
    ["of a guest that is active", hostWhere({ [host]: "ERASED" }, full)],
    ["of a booking that is not there", hostWhere({ [guest]: "ERASED" })],
  ])("%s changes nothing", (_what, state) => {
    expect(only(state, erase)).toEqual({ outcome: { kind: "idle" }, events: [], changed: 0 });
  });
});
