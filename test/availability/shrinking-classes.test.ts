/** Open time that shrinks over the bookings of a host with seats: they overlap, and are counted, told and kept all the same. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Booked } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { ErrorInfoSchema, PreconditionFailureSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { hostOfHours, type HostOfHours } from "../support/host-of-hours.ts";
import { hours, inHours, pieces, storedIntervals } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { tomorrow } from "../support/people.ts";
import { placeBookings } from "../support/placed-bookings.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { intervalOf, timesOf } from "../support/times.ts";

const SEATS = 12;

let pair: Pair;
let availability: Pool;
let booking: Pool;
let host: HostOfHours;

beforeAll(async () => {
  pair = await startPair();
  availability = poolOf(pair.availability.databaseUrl);
  booking = poolOf(pair.booking.databaseUrl);
});

beforeEach(async () => {
  host = await hostOfHours(pair);
  await host.set(["00:00-24:00"], { slotDurationMinutes: 30 });
  await pair.clients.availability.updateRules({ hostId: host.hostId, seats: SEATS });
});

afterAll(async () => {
  await Promise.all([availability.end(), booking.end()]);
  await pair.stop();
});

/**
 * Fills all seats: of the classes that begin every so many hours, and last an hour and a half, each has a part of them for two
 * hours. In turn with a hold.
 */
async function fill(count: number, everyHours: number): Promise<void> {
  const perClass = (SEATS * everyHours) / 2;
  const classes = Array.from({ length: count }, (_, index) => {
    const start = tomorrow(8) + index * everyHours * HOUR_MS;
    return Array.from({ length: perClass }, (_seat, place) => {
      const state = place % 3 === 2 ? ("HELD" as const) : ("CONFIRMED" as const);
      const seat = ((index * perClass + place) % SEATS) + 1;
      return { state, during: { start, end: start + 1.5 * HOUR_MS }, seat, bufferMinutes: 10 };
    });
  });
  await placeBookings(booking, host.hostId, classes.flat());
}

const remove = (range: ReturnType<typeof hours>, booked: Booked = Booked.UNSPECIFIED) =>
  pair.clients.availability.removeAvailability({ hostId: host.hostId, ...timesOf(range), booked });

test("a class of 12 is told whole, and its time is kept open once", async () => {
  const ids: string[] = [];
  for (let seat = 0; seat < SEATS; seat += 1) ids.push(await host.book(hours(9, 10)));
  const refusal = await refusalOf(host.set([]));
  expect(refusal.findDetails(ErrorInfoSchema)[0]?.metadata["booking_count"]).toBe("12");
  const named = refusal.findDetails(PreconditionFailureSchema)[0]?.violations.map(({ subject }) => subject);
  expect(named).toEqual(ids.toSorted());
  const answer = await host.set([], { booked: Booked.KEEP });
  expect(answer.kept.map(({ bookingId }) => bookingId)).toEqual(ids.toSorted());
  expect(await host.exceptions()).toBe("OPENING 9-10");
  expect(await outcomeOf(host.book(hours(9, 10)))).toBe("SLOT_TAKEN");
});

test("bookings that overlap one another in part are kept as the time that they fill together", async () => {
  for (const [start, end] of [
    [9, 10],
    [9.5, 12],
    [9.5, 10],
    [11, 11.5],
    [13, 14],
    [12, 12.5],
  ] as const) {
    await host.book(hours(start, end));
  }
  const answer = await host.set(["10:30-11:00"], { booked: Booked.KEEP });
  expect(answer.keptCount).toBe(6);
  expect(await host.exceptions()).toBe("OPENING 9-10.5, OPENING 11-12.5, OPENING 13-14");
});

test("1,200 bookings of 12 seats are all counted, and kept, though many a start is told on two pages", async () => {
  await fill(100, 2);
  const refusal = await refusalOf(host.set([]));
  expect(refusal.findDetails(ErrorInfoSchema)[0]?.metadata["booking_count"]).toBe("1200");
  const answer = await host.set([], { booked: Booked.KEEP });
  expect([answer.kept.length, answer.keptCount]).toEqual([500, 1200]);
  const starts = answer.kept.map(({ startTime }) => timestampMs(startTime!));
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(new Set(answer.kept.map(({ bookingId }) => bookingId)).size).toBe(500);
  expect(await storedIntervals(availability, host.hostId)).toEqual(
    pieces(tomorrow(8), 100, 2 * HOUR_MS, 1.5 * HOUR_MS),
  );
});

test("a removal is refused for bookings that overlap, and keeps them if it is to", async () => {
  await fill(360, 0.5);
  const range = hours(8, 190);
  expect((await refusalOf(remove(range))).findDetails(ErrorInfoSchema)[0]?.metadata["booking_count"]).toBe("1080");
  const answer = await remove(range, Booked.KEEP);
  expect(answer.keptCount).toBe(1080);
  // From 8 until the last of them ends all is booked.
  expect(inHours(answer.removed.map(intervalOf))).toBe("189-190");
});

test("time that holds nothing but buffers is free to go", async () => {
  await fill(1, 1);
  expect(await outcomeOf(remove(hours(7, 8)))).toBe("accepted");
  expect(await outcomeOf(remove(hours(9.5, 12)))).toBe("accepted");
  expect(await outcomeOf(remove(hours(9, 9.5)))).toBe("AVAILABILITY_BOOKED");
});
