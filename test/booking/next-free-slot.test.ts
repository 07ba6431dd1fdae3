/** The next open slot of a host that is booked out is found in a few looks, however many bookings lie before it. */

import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Instant, Interval } from "../../shared/interval.ts";
import { fromMillis } from "../../shared/postgres/range.ts";
import { DAY_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { newBookingIdSql } from "../support/booking-ids.ts";
import { storeOpenings } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";

const SLOT_MS = 5 * MINUTE_MS;
const BOOKED_DAYS = 120;
const booked: Interval = { start: tomorrow(0), end: tomorrow(0) + BOOKED_DAYS * DAY_MS };

let pair: Pair;
let bookings: Pool;
let availability: Pool;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  bookings = poolOf(pair.booking.databaseUrl);
  availability = poolOf(pair.availability.databaseUrl);
  guestId = await createGuest(pair.clients);
});

afterAll(async () => {
  await bookings.end();
  await availability.end();
  await pair.stop();
});

/** Makes a host that is open for a window, in slots of five minutes. */
async function openHost(window: Interval): Promise<void> {
  hostId = await createHost(pair.clients);
  await storeOpenings(availability, hostId, [window], SLOT_MS / MINUTE_MS);
}

/** Books a seat around the service, one booking right behind another, each `lengthMs` long and one every `everyMs`. */
async function book({ start, end }: Interval, seat: number, lengthMs = SLOT_MS, everyMs = lengthMs): Promise<void> {
  await bookings.query(
    `insert into bookings
       (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
     select ${newBookingIdSql("$1")}, $1, $2, during, during, $3, 'CONFIRMED', 1, 1, now(), now()
     from generate_series($4::int8, $5::int8 - 1, $7::int8) as start_ms
     cross join lateral (
       select tstzrange(${fromMillis("start_ms")}, ${fromMillis("(start_ms + $6::float8)")}) as during
     ) as times`,
    [hostId, guestId, seat, start, end, lengthMs, everyMs],
  );
}

/** Lists one slot a page until there is one. */
async function firstSlot(window: Interval, pageSize = 1): Promise<{ slot: Instant | undefined; calls: number }> {
  const asked = { hostId, startTime: timestampFromMs(window.start), endTime: timestampFromMs(window.end), pageSize };
  let [pageToken, calls] = ["", 0];
  do {
    calls += 1;
    const page = await pair.clients.bookings.listOpenSlots({ ...asked, pageToken });
    const [first] = page.slots;
    if (first !== undefined) return { slot: timestampMs(first.startTime!), calls };
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return { slot: undefined, calls };
}

describe("a host that is booked out for 120 days of five minutes", () => {
  const window = { start: booked.start, end: booked.end + DAY_MS };

  beforeAll(async () => {
    await openHost(window);
    await book(booked, 1);
  });

  test.each([1, 50])("tells the next open slot in one call, with %i slots a page", async (pageSize) => {
    expect(await firstSlot(window, pageSize)).toEqual({ slot: booked.end, calls: 1 });
  });

  test("has none in a window that ends with its bookings, and says so in one call", async () => {
    expect(await firstSlot(booked)).toEqual({ slot: undefined, calls: 1 });
  });

  test("with a second seat that is taken too, tells it in one call; where that is free, at once", async () => {
    await pair.clients.availability.updateRules({ hostId, seats: 2 });
    expect(await firstSlot(window)).toEqual({ slot: booked.start, calls: 1 });
    const half = { start: booked.start, end: booked.start + (BOOKED_DAYS / 2) * DAY_MS };
    await book(half, 2);
    expect(await firstSlot(window)).toEqual({ slot: half.end, calls: 1 });
  });
});

test("bookings that leave gaps in which no slot fits are passed over like any others", async () => {
  const days = { start: booked.start, end: booked.start + 30 * DAY_MS };
  const window = { start: days.start, end: days.end + DAY_MS };
  await openHost(window);
  await book(days, 1, MINUTE_MS, SLOT_MS);
  expect(await firstSlot(window)).toEqual({ slot: days.end, calls: 1 });
});

test("a page looks at a bounded number of slots, each once for every seat, and the next page goes on from there", async () => {
  const seats = 1000;
  const slots = 300;
  const window = { start: booked.start, end: booked.start + (slots + 1) * SLOT_MS };
  await openHost(window);
  await pair.clients.availability.updateRules({ hostId, seats });
  await bookings.query(
    `insert into bookings
       (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
     select ${newBookingIdSql("$1")}, $1, $2, tstzrange(start, start + interval '5 minutes'), tstzrange(start, until), seat,
            'CONFIRMED', 1, 1, now(), now()
     from generate_series(1, $3::int) as seat
     cross join lateral (select ${fromMillis("$4::float8")} as start, ${fromMillis("$5::float8")} as until) as times`,
    [hostId, guestId, seats, window.start, window.end - SLOT_MS],
  );
  const { slot, calls } = await firstSlot(window, 500);
  expect(slot).toBe(window.end - SLOT_MS);
  expect(calls).toBe(2);
});

test("time in which notice or horizon allow no start is passed over, and what lies behind the horizon is not looked at", async () => {
  const window = { start: tomorrow(0), end: tomorrow(0) + 365 * DAY_MS };
  await openHost(window);
  await pair.clients.availability.updateRules({
    hostId,
    seats: 1000,
    minimumNoticeMinutes: 30 * 1440,
    horizonDays: 31,
  });
  const { slot, calls } = await firstSlot(window);
  expect(calls).toBe(1);
  expect(slot).toBeGreaterThan(Date.now() + 29 * DAY_MS);
  const behind = { start: tomorrow(0) + 33 * DAY_MS, end: window.end };
  expect(await firstSlot(behind)).toEqual({ slot: undefined, calls: 1 });
});
