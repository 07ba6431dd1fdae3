/**
 * Hosts whose time is cut up so finely that one answer of Availability does not hold a block of it (92 days, 1,000 intervals):
 * they are asked about in smaller parts, which are shared and remembered like any other.
 */

import { randomUUID } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import type { Instant } from "../../shared/interval.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../shared/time-units.ts";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import { fromMillis } from "../../shared/postgres/range.ts";
import { newBookingIdSql } from "../support/booking-ids.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Pair, type Served, startBookingService, startPair } from "../support/pair.ts";
import { createGuest, createHost, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { hooksFor } from "../support/steps.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { storeOpenings, pieces } from "../support/hosts-time.ts";

const BLOCK_MS = 92 * DAY_MS;
/** A whole block that has not begun. */
const block = Math.ceil(tomorrow(0) / BLOCK_MS) * BLOCK_MS;

let pair: Pair;
/** From Booking to Availability. */
let link: Link;
/** Another replica of Booking, which counts what it asks. */
let replica: Served;
let elsewhere: Clients;
let asks: number;
let pool: Pool;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  const port = await freePort();
  link = await startLink(`http://127.0.0.1:${port}`);
  const environment = { AVAILABILITY_URL: link.url };
  pair = await startPair({ availability: { CONNECT_PORT: String(port) }, booking: environment });
  const { booking } = hooksFor({ beforeAsk: async () => void (asks += 1) });
  replica = await startBookingService(pair.booking.databaseUrl, environment, booking);
  elsewhere = connectClients(pair.availability.connectUrl, replica.connectUrl, tokenSource(admin));
  pool = poolOf(pair.availability.databaseUrl);
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  asks = 0;
});

afterAll(async () => {
  await pool.end();
  await replica.stop();
  await pair.stop();
  await link.close();
});

/** Opens time around the service: from `start` on so many pieces, one every `everyMs`; of one slot, or so many minutes. */
async function openPieces(
  start: Instant,
  count: number,
  everyMs: number,
  slotDurationMinutes: number,
  minutes = slotDurationMinutes,
): Promise<void> {
  await storeOpenings(pool, hostId, pieces(start, count, everyMs, minutes * MINUTE_MS), slotDurationMinutes);
}

/** Books whole days around the service. */
async function bookDays(start: Instant, count: number): Promise<void> {
  const bookings = poolOf(pair.booking.databaseUrl);
  await bookings.query(
    `insert into bookings
       (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
     select ${newBookingIdSql("$1")}, $1, $2, during, during, 1, 'CONFIRMED', 1, n + 1, now(), now()
     from generate_series(0, $4::int - 1) as n
     cross join lateral (select ${fromMillis("($3::float8 + n * 86400000.0)")} as day) as days
     cross join lateral (select tstzrange(day, day + interval '24 hours') as during) as times`,
    [hostId, guestId, start, count],
  );
  await bookings.end();
}

function times(start: Instant, lengthMs: number) {
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(start + lengthMs) };
}

test("many creates late in a block are two questions: for the block, and for their day", async () => {
  await openPieces(block, 92 * 24, HOUR_MS, 30);
  const creates = Array.from({ length: 24 }, async (_, hour) =>
    elsewhere.bookings.createBooking({
      hostId,
      guestId,
      ...times(block + 80 * DAY_MS + hour * HOUR_MS, 30 * MINUTE_MS),
    }),
  );
  await Promise.all(creates);
  expect(asks).toBe(2);
  const last = { hostId, guestId, ...times(block + 80 * DAY_MS, 30 * MINUTE_MS) };
  expect(await outcomeOf(elsewhere.bookings.createBooking(last))).toBe("SLOT_TAKEN");
  expect(asks).toBe(2);
});

test("a day that is too much for one answer is asked about from where it is needed", async () => {
  const [day, minutes] = [block + DAY_MS, 1200];
  await openPieces(day, minutes, MINUTE_MS + 10, 1);
  const during = times(day + (minutes - 1) * (MINUTE_MS + 10), MINUTE_MS);
  expect(await outcomeOf(elsewhere.bookings.createBooking({ hostId, guestId, ...during }))).toBe("accepted");
  expect(await outcomeOf(elsewhere.bookings.createBooking({ hostId, guestId, ...during }))).toBe("SLOT_TAKEN");
  expect(asks).toBe(3);
});

test("all slots of a block are listed, page by page", async () => {
  await openPieces(block, 92 * 24, HOUR_MS, 30);
  const starts: Instant[] = [];
  let pageToken = "";
  do {
    const page = await elsewhere.bookings.listOpenSlots({
      hostId,
      ...times(block, BLOCK_MS),
      pageSize: PAGE_SIZE_MAX,
      pageToken,
    });
    starts.push(...page.slots.map(({ startTime }) => timestampMs(startTime!)));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(starts).toEqual(Array.from({ length: 92 * 24 }, (_, hour) => block + hour * HOUR_MS));
});

test("fragments that are shorter than a slot cost no question", async () => {
  await openPieces(block, 3_000, 10 * MINUTE_MS, 30, 5);
  await openPieces(block + 80 * DAY_MS, 1, HOUR_MS, 30);
  const window = { hostId, ...times(block, BLOCK_MS) };
  for (const _ of [1, 2]) {
    const { slots, nextPageToken } = await elsewhere.bookings.listOpenSlots(window);
    expect(slots.map(({ startTime }) => timestampMs(startTime!))).toEqual([block + 80 * DAY_MS]);
    expect(nextPageToken).toBe("");
  }
  expect(asks).toBe(1);
});

test("a page of a host that is cut up and booked out ends early, and the next one goes on from there", async () => {
  const days = 12;
  await openPieces(block, days * 720 + 1, 2 * MINUTE_MS, 1);
  await bookDays(block, days);
  const window = { hostId, ...times(block, BLOCK_MS), pageSize: PAGE_SIZE_MAX };
  const first = await elsewhere.bookings.listOpenSlots(window);
  expect(first.slots).toEqual([]);
  expect(first.nextPageToken).not.toBe("");
  expect(asks).toBeLessThanOrEqual(8);
  let page = first;
  while (page.nextPageToken !== "") {
    page = await elsewhere.bookings.listOpenSlots({ ...window, pageToken: page.nextPageToken });
  }
  expect(page.slots.map(({ startTime }) => timestampMs(startTime!))).toEqual([block + days * DAY_MS]);
});

test("what was accepted late in a block is answered again while Availability is away", async () => {
  await openPieces(block, 92 * 24, HOUR_MS, 30);
  const request = { hostId, guestId, ...times(block + 80 * DAY_MS, 30 * MINUTE_MS), requestId: randomUUID() };
  const first = await pair.clients.bookings.createBooking(request);
  // This replica remembers the guest and the beginning of the block, which does not come as far.
  await elsewhere.bookings.createBooking({ hostId, guestId, ...times(block, 30 * MINUTE_MS) });
  link.set("cut");
  const again = elsewhere.bookings.createBooking(request).finally(() => link.set("open"));
  expect(await again).toEqual(first);
});
