/** What the audit names of seats, buffers and external ids, made wrong by hand, and what it leaves alone. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { UpdateRulesRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { timesOf } from "../support/times.ts";
import { violationsIn } from "../support/violations.ts";

/** What the tests plant is what the database would refuse. */
const CONSTRAINTS = [
  "bookings_no_overlap",
  "bookings_occupied_holds_during",
  "bookings_occupied_finite",
  "bookings_occupied_half_open",
  "bookings_seat",
];

let pair: Pair;
let booking: Pool;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  booking = poolOf(pair.booking.databaseUrl);
  for (const name of CONSTRAINTS) await booking.query(`alter table bookings drop constraint ${name}`);
  await booking.query("drop index bookings_external_id_key");
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 12));
});

afterAll(async () => {
  await booking.end();
  await pair.stop();
});

async function setRules(rules: MessageInitShape<typeof UpdateRulesRequestSchema>): Promise<void> {
  await pair.clients.availability.updateRules({ hostId, ...rules });
}

async function book(during: Interval, holdSeconds = 0): Promise<string> {
  const answer = await pair.clients.bookings.createBooking({ hostId, guestId, ...timesOf(during), holdSeconds });
  return answer.booking!.id;
}

function found(): Promise<string[]> {
  return violationsIn({ availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl }, hostId);
}

/** Changes a booking and the last event that tells of it, so that nothing else is wrong with it. */
async function change(bookingId: string, assignments: string): Promise<void> {
  await booking.query(`update bookings set ${assignments} where id = $1`, [bookingId]);
  await booking.query(`update booking_events set ${assignments} where booking_id = $1`, [bookingId]);
}

const overlap = (id: string, otherId: string, seat: number): string =>
  `OVERLAP: bookings ${id} and ${otherId} of host ${hostId} overlap in seat ${seat}`;

describe("nothing is wrong with", () => {
  test("a class that is full, and is not as large any more", async () => {
    await setRules({ seats: 3 });
    for (let seat = 1; seat <= 3; seat += 1) await book(hours(8, 9));
    await setRules({ seats: 1 });
    expect(await found()).toEqual([]);
  });

  test("buffers that reach outside open time, touch, and are not as long any more", async () => {
    await setRules({ bufferBeforeMinutes: 30, bufferAfterMinutes: 30 });
    await book(hours(8, 8.5));
    await book(hours(9.5, 10));
    await book(hours(11.5, 12));
    await setRules({ bufferBeforeMinutes: 0, bufferAfterMinutes: 0 });
    expect(await found()).toEqual([]);
  });

  test("a place that is booked again after its booking was cancelled or its hold was over", async () => {
    await setRules({ bufferAfterMinutes: 30 });
    await pair.clients.bookings.cancelBooking({ bookingId: await book(hours(8, 9)) });
    const held = await book(hours(8, 9), 600);
    await change(held, "expire_time = date_trunc('milliseconds', create_time)");
    await book(hours(8.5, 9.5));
    expect(await found()).toEqual([]);
  });
});

describe("of two bookings in one seat are named", () => {
  test("those of which only the buffers overlap", async () => {
    const [first, second] = [await book(hours(8, 9)), await book(hours(9, 10))];
    await change(second, "occupied = tstzrange(lower(during) - '1 ms'::interval, upper(during))");
    expect(await found()).toEqual([overlap(first, second, 1)]);
  });

  test("those in a seat further back, and not their neighbours", async () => {
    await setRules({ seats: 3 });
    const ids: string[] = [];
    for (let seat = 1; seat <= 3; seat += 1) ids.push(await book(hours(8, 9)));
    await change(ids[1]!, "seat = 3");
    expect(await found()).toEqual([overlap(...([ids[1]!, ids[2]!].toSorted() as [string, string]), 3)]);
  });

  test("all that a long one reaches, though others of its seat end sooner", async () => {
    await setRules({ seats: 2 });
    const long = await book(hours(8, 12));
    const [second, third] = [await book(hours(8.5, 9)), await book(hours(11, 11.5))];
    for (const id of [second, third]) await change(id, "seat = 1");
    expect(await found()).toEqual([overlap(long, second, 1), overlap(long, third, 1)]);
  });
});

describe("a booking that is misplaced is named:", () => {
  test.each([
    ["one that occupies less than its time", "occupied = tstzrange(lower(during), upper(during) - '1 ms'::interval)"],
    ["one that occupies other time", "occupied = tstzrange(upper(during), upper(during) + '1 hour'::interval)"],
    ["one that occupies nothing", "occupied = 'empty'"],
    ["one that occupies nothing and is cancelled", "state = 'CANCELLED', occupied = 'empty'"],
  ])("%s", async (_what, assignments) => {
    const id = await book(hours(8, 9));
    await change(id, assignments);
    expect(await found()).toEqual([`MISPLACED: booking ${id} of host ${hostId} does not occupy all of its time`]);
  });

  test.each([0, 1001])("one in seat %i", async (seat) => {
    const id = await book(hours(8, 9));
    await change(id, `seat = ${seat}`);
    expect(await found()).toEqual([`MISPLACED: booking ${id} of host ${hostId} is in seat ${seat}, which no host has`]);
  });
});

describe("an external id", () => {
  const called = "external_id = 'somebody else''s number'";

  test("that two standing bookings have is named, without being told", async () => {
    const ids = [await book(hours(8, 9)), await book(hours(9, 10), 600), await book(hours(10, 11))].toSorted();
    for (const id of ids) await change(id, called);
    expect(await found()).toEqual(
      ids.slice(1).map((id) => `EXTERNAL_ID: bookings ${ids[0]} and ${id} of host ${hostId} have one external id`),
    );
  });

  test("that a cancelled booking had, or another host's has, is free", async () => {
    const [cancelled, standing] = [await book(hours(8, 9)), await book(hours(9, 10))];
    await pair.clients.bookings.cancelBooking({ bookingId: cancelled });
    for (const id of [cancelled, standing]) await change(id, called);
    expect(await found()).toEqual([]);
    hostId = await createHost(pair.clients);
    await openTime(pair.clients, hostId, hours(8, 12));
    await change(await book(hours(8, 9)), called);
    expect(await found()).toEqual([]);
  });
});
