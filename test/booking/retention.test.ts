/** What is left of feeds when the operator keeps events for some days only, and who is told. */

import { randomUUIDv7 } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bookingConfig } from "../../services/booking/config.ts";
import { forgetOldEvents } from "../../services/booking/storage/forget-events.ts";
import type { Clients } from "../support/clients.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair, variables } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { violationsIn } from "../support/violations.ts";
import { sequencesOf, watchBookings } from "../support/watching.ts";

const KEPT_DAYS = 40;
const { signal } = new AbortController();
let pair: Pair;
let bookings: Clients["bookings"];
let pool: Pool;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  ({ bookings } = pair.clients);
  pool = poolOf(pair.booking.databaseUrl);
});
beforeEach(async () => {
  [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  await openTime(pair.clients, hostId, hours(0, 24));
});
afterAll(async () => {
  await pool.end();
  await pair.stop();
});

async function book(hour: number, requestId?: string): Promise<string> {
  const { start, end } = hours(hour, hour + 1);
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
  const { booking } = await bookings.createBooking({
    hostId,
    guestId,
    ...times,
    ...(requestId === undefined ? {} : { requestId }),
  });
  return booking!.id;
}

/** Makes events as old as if they were kept for a day more than they are to be. */
async function age(sequences: readonly number[]): Promise<void> {
  await pool.query(
    `update booking_events set event_time = event_time - make_interval(days => $1) where host_id = $2 and sequence = any($3)`,
    [KEPT_DAYS + 1, hostId, sequences],
  );
}

async function kept(): Promise<{ readonly sequences: number[]; readonly forgottenTo: number | undefined }> {
  const events = await pool.query<{ sequence: number }>(
    "select sequence::float8 as sequence from booking_events where host_id = $1 order by sequence",
    [hostId],
  );
  const hosts = await pool.query<{ forgotten_to: number }>(
    "select forgotten_to::float8 as forgotten_to from hosts where host_id = $1",
    [hostId],
  );
  return { sequences: events.rows.map((row) => row.sequence), forgottenTo: hosts.rows[0]?.forgotten_to };
}

const inOrder = async (): Promise<string[]> =>
  violationsIn({ availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl });

test("the old beginning goes, and nothing behind the first event that stays", async () => {
  for (const hour of [1, 2, 3, 4]) await book(hour);
  await age([1, 2, 4]);
  expect(await forgetOldEvents(pool, KEPT_DAYS, signal)).toBe(2);
  expect(await kept()).toEqual({ sequences: [3, 4], forgottenTo: 2 });
  expect(await forgetOldEvents(pool, KEPT_DAYS, signal)).toBe(0);
  expect(await inOrder()).toEqual([]);
});

test("who wants more than there is is refused, and everybody else goes on", async () => {
  for (const hour of [1, 2, 3]) await book(hour);
  await age([1, 2]);
  await forgetOldEvents(pool, KEPT_DAYS, signal);
  for (const after of [0, 1]) expect(await outcomeOf(watchBookings(bookings, hostId, after))).toBe("SEQUENCE_UNKNOWN");
  for (const after of [2, 3, undefined]) {
    const watching = await watchBookings(bookings, hostId, after);
    if (after === 2) await watching.reaches(3);
    watching.leave();
  }
  const { bookings: listed, sequence } = await bookings.listBookings({ hostId });
  expect([listed.length, Number(sequence)]).toEqual([3, 3]);
});

test("a feed of which nothing is left goes on where it was", async () => {
  await book(1);
  await age([1]);
  await forgetOldEvents(pool, KEPT_DAYS, signal);
  expect(await kept()).toEqual({ sequences: [], forgottenTo: 1 });
  expect(await inOrder()).toEqual([]);
  const watching = await watchBookings(bookings, hostId, 1);
  await book(2);
  await watching.reaches(2);
  expect(sequencesOf(watching.messages)).toEqual([2]);
  watching.leave();
  expect(await inOrder()).toEqual([]);
});

test("an event from which a request is answered stays, and all behind it", async () => {
  await book(1);
  const requestId = randomUUIDv7();
  const bookingId = await book(2, requestId);
  await bookings.cancelBooking({ bookingId });
  await age([1, 2, 3]);
  await forgetOldEvents(pool, KEPT_DAYS, signal);
  expect(await kept()).toEqual({ sequences: [2, 3], forgottenTo: 1 });
  expect(await book(2, requestId)).toBe(bookingId);
  expect(await inOrder()).toEqual([]);
});

test("what changes nothing about a booking whose event is gone is answered, again and again", async () => {
  const bookingId = await book(1);
  await bookings.cancelBooking({ bookingId });
  await age([1, 2]);
  await forgetOldEvents(pool, KEPT_DAYS, signal);
  const requestId = randomUUIDv7();
  const answers = [];
  for (let time = 0; time < 2; time += 1) answers.push(await bookings.cancelBooking({ bookingId, requestId }));
  expect(answers[1]).toEqual(answers[0]);
  expect(await inOrder()).toEqual([]);
});

test("a booking whose first events are gone is judged by those that are left", async () => {
  const bookingId = await book(1);
  const { start, end } = hours(2, 3);
  await bookings.rescheduleBooking({ bookingId, startTime: timestampFromMs(start), endTime: timestampFromMs(end) });
  await bookings.cancelBooking({ bookingId });
  await age([1]);
  await forgetOldEvents(pool, KEPT_DAYS, signal);
  expect(await inOrder()).toEqual([]);
  await pool.query("update bookings set version = 4 where id = $1", [bookingId]);
  expect(await inOrder()).toEqual([
    `REPLAY: booking ${bookingId} of host ${hostId} has not as many events as versions`,
  ]);
  await pool.query("update bookings set version = 3 where id = $1", [bookingId]);
  await pool.query("delete from booking_events where host_id = $1 and sequence = 2", [hostId]);
  expect(await inOrder()).toContain(`FEED_GAP: the feed of host ${hostId} goes from sequence 1 to 3`);
  await pool.query("delete from booking_events where host_id = $1", [hostId]);
  await pool.query("update hosts set forgotten_to = 3 where host_id = $1", [hostId]);
  expect(await inOrder()).toEqual([]);
});

test("replicas that do it at once, for thousands of events, delete each once", async () => {
  await pool.query(
    `with new as (
       select n, set_byte(uuid_send(gen_random_uuid()), 15, get_byte(uuid_send($1::uuid), 15)) as bytes,
              clock_timestamp() - make_interval(days => $3) as made
       from generate_series(1, 2500) n
     ), made as (
       select n, encode(bytes, 'hex')::uuid as id, made, tstzrange(made::timestamptz(3), (made + '1 hour')::timestamptz(3)) as during from new
     ), booked as (
       insert into bookings (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
       select id, $1, $2, during, during, 1, 'CANCELLED', 1, n, made, made from made
     ), told as (
       insert into booking_events (host_id, sequence, kind, actor, event_time, booking_id, guest_id, during, occupied, seat, state,
                                   version, create_time, update_time)
       select $1, n, 'CANCELLED', 'tester', made, id, $2, during, during, 1, 'CANCELLED', 1, made, made from made
     )
     insert into hosts (host_id, sequence) values ($1, 2500) on conflict (host_id) do update set sequence = 2500`,
    [hostId, guestId, KEPT_DAYS + 1],
  );
  const runs = await Promise.all([1, 2, 3].map(() => forgetOldEvents(pool, KEPT_DAYS, signal)));
  expect(runs.reduce((one, other) => one + other, 0)).toBe(2500);
  expect(await kept()).toEqual({ sequences: [], forgottenTo: 2500 });
  expect(await inOrder()).toEqual([]);
});

test("events are kept for ever unless the setting says otherwise, and longer than requests are remembered", async () => {
  const set = await variables("booking", "postgres://nobody@127.0.0.1:1/none");
  expect(bookingConfig(set).eventsKeptDays).toBeUndefined();
  expect(bookingConfig({ ...set, EVENTS_KEPT_DAYS: "365" }).eventsKeptDays).toBe(365);
  expect(() => bookingConfig({ ...set, EVENTS_KEPT_DAYS: "30" })).toThrow(
    "EVENTS_KEPT_DAYS must be a whole number from 31",
  );
});
