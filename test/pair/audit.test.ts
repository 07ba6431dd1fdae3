/** What the audit names in databases in which something has been made wrong by hand. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { newBookingIdSql } from "../support/booking-ids.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { violationsIn } from "../support/violations.ts";
import { waitUntil } from "../support/waits.ts";

let pair: Pair;
let availability: Pool;
let booking: Pool;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  availability = poolOf(pair.availability.databaseUrl);
  booking = poolOf(pair.booking.databaseUrl);
  // What the tests plant is what the database would refuse.
  await booking.query("alter table bookings drop constraint bookings_no_overlap");
  await availability.query("alter table openings drop constraint openings_never_touching");
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 12));
});

afterAll(async () => {
  await Promise.all([availability.end(), booking.end()]);
  await pair.stop();
});

const timesOf = (range: Interval) => ({ startTime: timestampFromMs(range.start), endTime: timestampFromMs(range.end) });

async function book(range: Interval, holdSeconds = 0): Promise<string> {
  const answer = await pair.clients.bookings.createBooking({ hostId, guestId, ...timesOf(range), holdSeconds });
  return answer.booking!.id;
}

/** What the audit finds of this test's host. */
function found(): Promise<string[]> {
  return violationsIn({ availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl }, hostId);
}

/** Moves a booking and the last event that tells of it, so that only its place is wrong. */
async function move(bookingId: string, { start, end }: Interval): Promise<void> {
  const times = [bookingId, new Date(start), new Date(end)];
  await booking.query(
    "update bookings set during = tstzrange($2, $3), occupied = tstzrange($2, $3) where id = $1",
    times,
  );
  await booking.query(
    "update booking_events set during = tstzrange($2, $3), occupied = tstzrange($2, $3) where booking_id = $1",
    times,
  );
}

test("what the services have stored is in order, whatever was done", async () => {
  await book(hours(8, 9));
  const moved = await book(hours(9, 10));
  await pair.clients.bookings.rescheduleBooking({ bookingId: moved, ...timesOf(hours(9, 11)) });
  const held = await book(hours(11, 12), 600);
  await pair.clients.bookings.confirmBooking({ bookingId: held });
  await pair.clients.bookings.cancelBooking({ bookingId: held });
  expect(await found()).toEqual([]);
});

describe("an active booking outside availability", () => {
  test.each([
    ["wholly", hours(18, 19)],
    ["by its beginning", hours(7.5, 8.5)],
    ["by its last minutes", hours(11.5, 12.5)],
    ["by its middle", hours(11, 15)],
  ])("%s is named", async (_how, during) => {
    const id = await book(hours(8, 9));
    await openTime(pair.clients, hostId, hours(14, 16));
    await move(id, during);
    expect(await found()).toEqual([
      `OUTSIDE_AVAILABILITY: booking ${id} of host ${hostId} is outside the host's availability`,
    ]);
  });

  test("is not named if it is cancelled, expired or over, or lies in two intervals that only touch", async () => {
    const cancelled = await book(hours(8, 9));
    await pair.clients.bookings.cancelBooking({ bookingId: cancelled });
    await move(cancelled, hours(20, 21));
    await move(await book(hours(8, 9)), hours(-48, -47));
    await book(hours(9, 10));
    const middle = [hostId, new Date(hours(9.5, 12).start)];
    await availability.query(
      `insert into openings (host_id, during, slot_duration_minutes)
       select host_id, tstzrange($2, upper(during)), 30 from openings where host_id = $1`,
      middle,
    );
    await availability.query(
      "update openings set during = tstzrange(lower(during), $2) where host_id = $1 and lower(during) < $2",
      middle,
    );
    expect(await found()).toEqual([]);
  });

  test("of a hold is named until the hold is over", async () => {
    const id = await book(hours(8, 9), 600);
    await move(id, hours(14, 15));
    expect(await found()).toHaveLength(1);
    // The same instant in both, so that only what the audit says of the time can change. The sweeper may record it or not.
    const over = new Date();
    await booking.query("update booking_events set expire_time = $2 where booking_id = $1", [id, over]);
    await booking.query("update bookings set expire_time = $2 where id = $1", [id, over]);
    await waitUntil(async () => (await found()).length === 0);
  });
});

test("every active booking that overlaps one before it is named, however many", async () => {
  const ids = [await book(hours(8, 9)), await book(hours(9, 10)), await book(hours(10, 11))];
  await move(ids[0]!, hours(8, 11));
  const overlap = (id: string): string => `OVERLAP: bookings ${ids[0]} and ${id} of host ${hostId} overlap in seat 1`;
  expect(await found()).toEqual([overlap(ids[1]!), overlap(ids[2]!)]);
});

describe("a feed", () => {
  test("that lacks an event is named, and so is the booking that it does not lead to", async () => {
    await book(hours(8, 9));
    const second = await book(hours(9, 10));
    await book(hours(10, 11));
    await booking.query("delete from booking_events where host_id = $1 and sequence = 2", [hostId]);
    expect(await found()).toEqual([
      `FEED_GAP: the feed of host ${hostId} goes from sequence 1 to 3`,
      `REPLAY: booking ${second} of host ${hostId} is stored and is not in the feed`,
    ]);
  });

  test("that does not begin at 1 is named", async () => {
    await book(hours(8, 9));
    for (const table of ["booking_events", "hosts", "bookings"]) {
      await booking.query(`update ${table} set sequence = sequence + 1 where host_id = $1`, [hostId]);
    }
    expect(await found()).toEqual([`FEED_GAP: the feed of host ${hostId} goes from sequence 0 to 2`]);
  });

  test("whose counter runs ahead of it, or behind, is named", async () => {
    await book(hours(8, 9));
    await booking.query("update hosts set sequence = 3 where host_id = $1", [hostId]);
    expect(await found()).toEqual([`FEED_END: the feed of host ${hostId} ends at 1, its counter at 3`]);
    await booking.query("delete from hosts where host_id = $1", [hostId]);
    expect(await found()).toEqual([`FEED_END: the feed of host ${hostId} ends at 1, its counter at 0`]);
  });

  test.each([
    ["another time", "update bookings set update_time = update_time + '1 ms'", "is not as the feed leaves it"],
    ["another last event", "update bookings set sequence = sequence + 1", "is not as the feed leaves it"],
    ["another guest", "update bookings set guest_id = host_id", "is not as the feed leaves it"],
    ["another seat", "update bookings set seat = 2", "is not as the feed leaves it"],
    [
      "another buffer",
      "update bookings set occupied = tstzrange(lower(during), upper(during) + '1 ms')",
      "is not as the feed leaves it",
    ],
    ["another external id", "update bookings set external_id = 'order 7'", "is not as the feed leaves it"],
    ["another note", "update bookings set note = 'Knock twice.'", "is not as the feed leaves it"],
    ["other labels", `update bookings set labels = '{"room": "blue"}'`, "is not as the feed leaves it"],
    ["another reason", "update bookings set cancel_reason = 'ill'", "is not as the feed leaves it"],
    ["more versions than events", "update bookings set version = 2", "has not as many events as versions"],
    ["nothing in the table", "delete from bookings", "is in the feed and is not stored"],
  ])("that leads to a booking with %s is named", async (_what, statement, because) => {
    const id = await book(hours(8, 9));
    await booking.query(`${statement} where id = $1`, [id]);
    expect(await found()).toEqual([`REPLAY: booking ${id} of host ${hostId} ${because}`]);
  });
});

test("more bookings than are read at once are all looked at", async () => {
  const lengthen =
    "update openings set during = tstzrange(lower(during), lower(during) + $2::interval) where host_id = $1";
  await availability.query(lengthen, [hostId, "6000 hours"]);
  await booking.query(
    `with new as (
       select ${newBookingIdSql("$2")} as id, n,
              tstzrange($1::timestamptz + n * '30 minutes'::interval, $1::timestamptz + (n + 1) * '30 minutes'::interval) as time
       from generate_series(0, 11999) as n
     ), stored as (
       insert into bookings
         (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
       select id, $2, $3, time, time, 1, 'CONFIRMED', 1, n + 1, $1, $1 from new
     ), told as (
       insert into booking_events
         (host_id, sequence, kind, actor, event_time, booking_id, guest_id, during, occupied, seat, state, version,
          create_time, update_time)
       select $2, n + 1, 'CONFIRMED', 'tester', $1, id, $3, time, time, 1, 'CONFIRMED', 1, $1, $1
       from new
     )
     insert into hosts values ($2, 0, 12000) on conflict (host_id) do update set sequence = 12000`,
    [new Date(hours(8, 9).start), hostId, guestId],
  );
  expect(await found()).toEqual([]);
  // The last two of the third batch.
  await availability.query(lengthen, [hostId, "5999 hours"]);
  expect(await found()).toHaveLength(2);
});

test("beside services that are at work, nothing right is named", async () => {
  const busy = { ended: false };
  const work = (async () => {
    for (let round = 0; round < 40 && !busy.ended; round += 1) {
      const id = await book(hours(8, 9));
      await pair.clients.bookings.cancelBooking({ bookingId: id, requestId: randomUUID() });
      await pair.clients.availability.removeAvailability({ hostId, ...timesOf(hours(8, 9)) });
      await openTime(pair.clients, hostId, hours(8, 9));
    }
    busy.ended = true;
  })();
  while (!busy.ended) expect(await found()).toEqual([]);
  await work;
});
