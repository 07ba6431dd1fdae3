/** What a fence tells of the bookings that a host really has stored. */

import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FenceCommand, Fenced } from "../../services/booking/domain/command.ts";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { fenceCommand } from "../support/fence-command.ts";
import { hourOf, type LanesUnderTest, startLanes } from "../support/lanes.ts";
import { type PlacedBooking, placeBookings } from "../support/placed-bookings.ts";

let lanes: LanesUnderTest;
let hostId: string;
beforeAll(async () => {
  lanes = await startLanes();
});
beforeEach(() => {
  hostId = randomUUIDv7();
});
afterAll(() => lanes.stop());

const store = (bookings: readonly PlacedBooking[]): Promise<void> => placeBookings(lanes.pool, hostId, bookings);

async function fenced(ranges: readonly Interval[], change: Partial<FenceCommand>): Promise<Fenced> {
  const outcome = await lanes.commit(fenceCommand(hostId, ranges, change));
  if (outcome.kind !== "fenced") throw new Error(`ended as ${outcome.kind}`);
  return outcome.fenced;
}

async function statesAt({ start }: Interval): Promise<string[]> {
  const { rows } = await lanes.pool.query<{ state: string }>(
    "select state from bookings where host_id = $1 and lower(during) = $2",
    [hostId, new Date(start)],
  );
  return rows.map(({ state }) => state);
}

/** Hours from now. */
const around = (from: number, to: number): Interval => {
  const now = Date.now();
  return { start: now + from * HOUR_MS, end: now + to * HOUR_MS };
};
const ahead: PlacedBooking = { state: "CONFIRMED", during: hourOf(3) };
const later = hourOf(7);

describe("the end of the host's last booking", () => {
  const underWay: PlacedBooking = { state: "CONFIRMED", during: around(-1, 1) };
  test.each<[what: string, bookings: readonly PlacedBooking[], expected: number | undefined]>([
    ["is not there where there is no booking", [], undefined],
    ["is not there where all have ended", [{ state: "CONFIRMED", during: around(-3, -2) }], undefined],
    ["is that of the booking that is under way", [underWay], underWay.during.end],
    ["is that of the last one", [ahead, underWay, { state: "CONFIRMED", during: hourOf(1) }], ahead.during.end],
    ["is that of a hold behind it", [ahead, { state: "HELD", during: later }], later.end],
    ["is that of a hold where there is nothing else", [{ state: "HELD", during: later }], later.end],
    ["is not that of a cancelled one behind it", [ahead, { state: "CANCELLED", during: later }], ahead.during.end],
    ["is not that of an expired one behind it", [ahead, { state: "EXPIRED", during: later }], ahead.during.end],
    [
      "is not that of another host's",
      [ahead, { state: "CONFIRMED", during: later, hostId: randomUUIDv7() }],
      ahead.during.end,
    ],
  ])("%s", async (_what, bookings, expected) => {
    await store(bookings);
    const { lastBookingEnd, bookings: inTheWay } = await fenced([], { findLastBooking: true });
    expect([lastBookingEnd, inTheWay]).toEqual([expected, []]);
  });

  test("is not that of a hold that is overdue, which is recorded as expired", async () => {
    await store([ahead, { state: "HELD", during: later, expireTime: Date.now() - 1 }]);
    expect((await fenced([], { findLastBooking: true })).lastBookingEnd).toBe(ahead.during.end);
    expect(await statesAt(later)).toEqual(["EXPIRED"]);
  });

  test("is told by one of two fences of a batch that asks, and each tells of its own ranges", async () => {
    await store([ahead, { state: "HELD", during: later }]);
    // The first is a batch of its own. What comes meanwhile is the next one.
    const [, asks, asksNot] = await Promise.all([
      fenced([], {}),
      fenced([later], { findLastBooking: true }),
      fenced([ahead.during], {}),
    ]);
    expect(asks).toMatchObject({ bookings: [later], bookingCount: 1, lastBookingEnd: later.end });
    expect(asksNot).toMatchObject({ bookings: [ahead.during], bookingCount: 1, lastBookingEnd: undefined });
  });
});

describe("of 501 bookings and a hold in its ranges", () => {
  beforeEach(async () => {
    const confirmed = Array.from({ length: 501 }, (_, hour): PlacedBooking => ({
      state: "CONFIRMED",
      during: hourOf(hour),
    }));
    await store([...confirmed.toReversed(), { state: "HELD", during: hourOf(-1) }]);
  });

  test.each([1, 20, 500])("a fence lists the first %i, and counts all", async (maxBookings) => {
    const { bookings, bookingCount } = await fenced([hourOf(-2, 2000)], { maxBookings });
    const first = Array.from({ length: maxBookings }, (_, index) => hourOf(index - 1));
    expect(bookings.map(({ start, end }) => ({ start, end }))).toEqual(first);
    expect(bookingCount).toBe(502);
  });
});
