/** What another system calls a booking: one standing booking of a host has it. */

import { expect, test } from "vitest";
import {
  asked,
  bookingAt,
  bookingOf,
  create,
  elsewhere,
  hostOf,
  HOUR,
  LIMITS,
  move,
  NOW,
  only,
  said,
} from "../../../test/support/deciding.ts";
import type { BookingState } from "./booking.ts";
import type { Command } from "./command.ts";
import { decide } from "./decide.ts";

const details = { externalId: "crm 7" };
const called = create({ details });
const other = create({ bookingId: "b3", during: elsewhere, details });
const cancel = (bookingId: string): Command => ({ ...asked, kind: "cancel", bookingId });

function answers(state: ReturnType<typeof hostOf>, ...commands: Command[]): string[] {
  return decide(state, commands, NOW, LIMITS).outcomes.map(said);
}

test.each<[BookingState, number | undefined, string, string[]]>([
  ["CONFIRMED", undefined, "EXTERNAL_ID_TAKEN", []],
  ["HELD", NOW + 1, "EXTERNAL_ID_TAKEN", []],
  // Wherever it is: the constraint counts it until it is recorded.
  ["HELD", NOW, "CONFIRMED", ["EXPIRED", "CONFIRMED"]],
  ["CANCELLED", undefined, "CONFIRMED", ["CONFIRMED"]],
  ["EXPIRED", NOW, "CONFIRMED", ["CONFIRMED"]],
])("that a %s booking (expiry %s) has: %s", (state, expireTime, answer, events) => {
  const standing = {
    ...bookingOf(state, "before its start", expireTime),
    during: elsewhere,
    occupied: elsewhere,
    details,
  };
  const answered = only(hostOf(standing), called);
  expect([said(answered.outcome), answered.events]).toEqual([answer, events]);
});

test("of those in a batch that want one the first has it, until that is cancelled; moved or confirmed it keeps it", () => {
  const late = create({ bookingId: "b4", during: { start: NOW + 8 * HOUR, end: NOW + 9 * HOUR }, details });
  expect(answers(hostOf(), called, other, cancel("b2"), late, other)).toEqual([
    "CONFIRMED",
    "EXTERNAL_ID_TAKEN",
    "CANCELLED",
    "CONFIRMED",
    "EXTERNAL_ID_TAKEN",
  ]);
  const held = create({ details, holdMs: HOUR });
  const confirm: Command = { ...asked, kind: "confirm", bookingId: "b2" };
  const away = move(late.during, { bookingId: "b2" });
  expect(answers(hostOf(), held, confirm, other, away, other)).toEqual([
    "HELD",
    "CONFIRMED",
    "EXTERNAL_ID_TAKEN",
    "CONFIRMED",
    "EXTERNAL_ID_TAKEN",
  ]);
});

test("is no reason where bookings have none, or another", () => {
  const standing = bookingAt(elsewhere, { details: { externalId: "crm 8" } });
  expect(answers(hostOf(standing), called)).toEqual(["CONFIRMED"]);
  expect(answers(hostOf(bookingAt(elsewhere)), create())).toEqual(["CONFIRMED"]);
});

test("that is taken is said behind all that is about the time, names the field, and names no booking", () => {
  const standing = bookingAt(elsewhere, { details });
  expect(answers(hostOf(standing), other)).toEqual(["SLOT_TAKEN"]);
  const { outcome } = only(hostOf(standing), called);
  if (outcome.kind !== "refused") throw new Error(outcome.kind);
  expect(outcome.refusal.details.fields?.map(({ field }) => field)).toEqual(["external_id"]);
  expect(JSON.stringify([outcome.refusal.message, outcome.refusal.details])).not.toContain(standing.id);
});

test("of an overdue hold stays with it where the booking is refused for another reason", () => {
  const hold = bookingAt(elsewhere, { state: "HELD", expireTime: NOW, details });
  const taken = bookingAt(called.during, { id: "taken" });
  expect(only(hostOf(hold, taken), called)).toMatchObject({ events: [], changed: 0 });
});

test("and all else that was said is in the booking for its life, and why it was cancelled at its end", () => {
  const whole = { ...details, note: "ring twice", labels: { room: "2" } };
  const commands: Command[] = [
    create({ details: whole, holdMs: HOUR }),
    { ...asked, kind: "confirm", bookingId: "b2" },
    move(elsewhere, { bookingId: "b2" }),
    { ...asked, kind: "cancel", bookingId: "b2", reason: "ill" },
    { ...asked, kind: "cancel", bookingId: "b2", reason: "again" },
  ];
  const { events } = decide(hostOf(), commands, NOW, LIMITS);
  expect(events.map(({ booking }) => [booking.details, booking.cancelReason])).toEqual([
    [whole, undefined],
    [whole, undefined],
    [whole, undefined],
    [whole, "ill"],
  ]);
});
