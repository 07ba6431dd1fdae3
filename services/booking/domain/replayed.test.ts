import { expect, test } from "vitest";
import { closedCalendar, openCalendar } from "../../../test/support/calendars.ts";
import type { Booking } from "./booking.ts";
import type { Command, CreateCommand, HostState, Outcome } from "./command.ts";
import { decide } from "./decide.ts";

const NOW = 1_000_000;
const HOUR = 3_600_000;
const LIMITS = { perGuestAndHost: 3, perGuest: 5 };
const asked = { hostId: "h", actor: "tester" };
const during = { start: NOW + HOUR, end: NOW + 2 * HOUR };
const elsewhere = { start: NOW + 5 * HOUR, end: NOW + 6 * HOUR };
const request = { id: "r1", method: "CreateBooking", contentHash: "aa" };

const stored: Booking = {
  id: "b1",
  hostId: "h",
  guestId: "g",
  during,
  occupied: during,
  seat: 1,
  state: "CONFIRMED",
  version: 3,
  sequence: 20,
  createTime: 1,
  updateTime: 2,
  details: {},
};

function hostOf(...bookings: Booking[]): HostState {
  const none = {
    requests: new Map(),
    inactive: new Map(),
    holds: new Map(),
    confirmedInRanges: new Map(),
    lastConfirmedEnd: undefined,
  };
  return { hostId: "h", generation: 7, sequence: 40, forgottenTo: 0, bookings, ...none };
}

function create(change: Partial<CreateCommand> = {}): CreateCommand {
  const terms = { details: {}, ignoresNotice: false, calendar: openCalendar(7) };
  return { ...asked, kind: "create", bookingId: "b2", guestId: "g", during, ...terms, ...change };
}

const reasonOf = (outcome: Outcome): string => (outcome.kind === "refused" ? outcome.refusal.reason : outcome.kind);

test("twins in one batch have one effect and one answer; the same id with other content is refused", () => {
  const twins = [
    create({ request }),
    create({ bookingId: "b3", request }),
    create({ request: { ...request, contentHash: "bb" } }),
  ];
  const { outcomes, events, requests } = decide(hostOf(), twins, NOW, LIMITS);
  expect(outcomes[1]).toEqual(outcomes[0]);
  expect(outcomes.map(reasonOf)).toEqual(["booked", "booked", "REQUEST_ID_REUSED"]);
  expect([events.length, requests.length]).toEqual([1, 1]);
});

test("a replay comes before every reason to refuse", () => {
  const answer = { ...stored, version: 1, sequence: 3 };
  const state = { ...hostOf(stored), requests: new Map([["r1", { key: request, answer }]]) };
  const late = create({
    during: { start: NOW - 2, end: NOW - 1 },
    calendar: closedCalendar(1),
    request,
  });
  expect(decide(state, [late], NOW, LIMITS).outcomes).toEqual([{ kind: "booked", booking: answer }]);
});

test("a request that changed nothing is remembered by the booking's last event, also one of the same batch", () => {
  const keyOf = (id: string) => ({ id, method: "ConfirmBooking", contentHash: "aa" });
  const again = (bookingId: string, id: string): Command => ({
    ...asked,
    kind: "confirm",
    bookingId,
    request: keyOf(id),
  });
  const commands = [again("b1", "r1"), create({ during: elsewhere }), again("b2", "r2")];
  const { requests, events } = decide(hostOf(stored), commands, NOW, LIMITS);
  expect(events.map(({ sequence }) => sequence)).toEqual([41]);
  expect(requests.map(({ key, answer }) => [key.id, answer.sequence])).toEqual([
    ["r1", stored.sequence],
    ["r2", 41],
  ]);
});

test("a refusal is not remembered", () => {
  const { requests } = decide(hostOf(stored), [create({ request })], NOW, LIMITS);
  expect(requests).toEqual([]);
});
