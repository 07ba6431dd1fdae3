/** Fences of hosts with seats: bookings overlap, so a list that does not hold all goes on behind the last one it told. */

import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { FenceCommand, Fenced, FencedBooking } from "../../services/booking/domain/command.ts";
import { HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
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

async function fenced(change: Partial<FenceCommand>): Promise<Fenced> {
  const outcome = await lanes.commit(fenceCommand(hostId, [hourOf(0, 1000)], change));
  if (outcome.kind !== "fenced") throw new Error(`ended as ${outcome.kind}`);
  return outcome.fenced;
}

/** What is told page by page, and how many there still were at each. */
async function allPages(maxBookings: number): Promise<{ told: FencedBooking[]; counts: number[] }> {
  const told: FencedBooking[] = [];
  const counts: number[] = [];
  for (;;) {
    const { bookings, bookingCount } = await fenced({ maxBookings, after: told.at(-1) });
    counts.push(bookingCount);
    told.push(...bookings);
    if (bookings.length === bookingCount) return { told, counts };
  }
}

async function storedInOrder(): Promise<string[]> {
  const { rows } = await lanes.pool.query<{ id: string }>(
    "select id from bookings where host_id = $1 and state <> 'CANCELLED' order by lower(during), id",
    [hostId],
  );
  return rows.map(({ id }) => id);
}

/** A class of so many seats, each second of them a hold. */
function classAt(hour: number, seats: number): PlacedBooking[] {
  return Array.from({ length: seats }, (_, index) => ({
    state: index % 2 === 0 ? "CONFIRMED" : "HELD",
    during: hourOf(hour),
    seat: index + 1,
  }));
}

test("1,200 bookings in 12 seats, of which each start has 12 and each hour more, are told once each, in order", async () => {
  const halfHours = Array.from({ length: 100 }, (_, index) => classAt(index / 2, 6)).flat();
  const doubled = halfHours.map((each, index) => (index % 12 < 6 ? each : { ...each, seat: each.seat! + 6 }));
  const nights = Array.from({ length: 50 }, (_, index) => classAt(100 + index, 12)).flat();
  await placeBookings(lanes.pool, hostId, [...doubled, ...nights]);
  const { told, counts } = await allPages(500);
  expect(counts).toEqual([1200, 700, 200]);
  expect(told.map(({ id }) => id)).toEqual(await storedInOrder());
});

test.each([1, 7, 12])("100 bookings with one start are told once each, %i at a time", async (maxBookings) => {
  await placeBookings(lanes.pool, hostId, classAt(0, 100));
  const { told, counts } = await allPages(maxBookings);
  expect(counts).toEqual(Array.from({ length: Math.ceil(100 / maxBookings) }, (_, page) => 100 - page * maxBookings));
  expect(told.map(({ id }) => id)).toEqual(await storedInOrder());
});

test("what began before the first page ends, long after what is told behind it, is told once", async () => {
  const long = { start: hourOf(0).start - HOUR_MS, end: hourOf(20).end };
  await placeBookings(lanes.pool, hostId, [
    { state: "CONFIRMED", during: long, seat: 7 },
    ...[0, 1, 2].flatMap((hour) => classAt(hour, 3)),
  ]);
  const { told } = await allPages(2);
  expect(told).toHaveLength(10);
  expect(told.map(({ id }) => id)).toEqual(await storedInOrder());
});

test("a booking of which only buffers lie in the ranges is not in the way", async () => {
  const beside = { start: hourOf(0).start - 30 * MINUTE_MS, end: hourOf(0).start };
  await placeBookings(lanes.pool, hostId, [
    { state: "CONFIRMED", during: beside, bufferMinutes: 60, seat: 2 },
    { state: "HELD", during: beside, bufferMinutes: 60, seat: 3 },
    { state: "CONFIRMED", during: hourOf(0), bufferMinutes: 60 },
    { state: "HELD", during: hourOf(0), bufferMinutes: 60, seat: 4 },
  ]);
  expect(await fenced({})).toMatchObject({ bookings: [hourOf(0), hourOf(0)], bookingCount: 2 });
});

test("the last booking ends without its buffers", async () => {
  await placeBookings(lanes.pool, hostId, [{ state: "CONFIRMED", during: hourOf(5), bufferMinutes: 90 }]);
  expect((await fenced({ findLastBooking: true })).lastBookingEnd).toBe(hourOf(5).end);
});
