/** What the audit names of users who are deactivated or erased, where something has been made wrong by hand. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { violationsIn } from "../support/violations.ts";

let pair: Pair;
let availability: Pool;
let booking: Pool;
let hostId: string;
let guestId: string;
let bookingId: string;
const requestId = randomUUID();

beforeAll(async () => {
  pair = await startPair();
  availability = poolOf(pair.availability.databaseUrl);
  booking = poolOf(pair.booking.databaseUrl);
});

/** A booking about which something was said, whose guest is erased. */
beforeEach(async () => {
  await availability.query("update users set told_version = version");
  await booking.query("truncate hosts, bookings, booking_events, requests, users");
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 12));
  bookingId = await book();
  const { complete } = await pair.clients.users.eraseUser({ userId: guestId });
  if (!complete) throw new Error("the guest is not erased");
});

afterAll(async () => {
  await Promise.all([availability.end(), booking.end()]);
  await pair.stop();
});

async function book(): Promise<string> {
  const { start } = hours(8, 9);
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(hours(8, 9).end) };
  const answer = await pair.clients.bookings.createBooking({
    hostId,
    guestId,
    ...times,
    note: "ring twice",
    requestId,
  });
  return answer.booking!.id;
}

/** What the audit finds of this test's people. */
async function found(): Promise<string[]> {
  const urls = { availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl };
  const lines = await violationsIn(urls, hostId);
  return lines.filter((line) => [hostId, guestId].some((id) => line.includes(id)));
}

test("a user who was erased by the services is in order", async () => {
  expect(await found()).toEqual([]);
});

describe("what is left of an erased guest", () => {
  const left = (what: string): string => `ERASED: booking ${bookingId} of host ${hostId} still says something${what}`;

  test("is named: in an event, in the booking", async () => {
    await booking.query("update booking_events set note = 'ring twice' where host_id = $1 and sequence = 1", [hostId]);
    expect(await found()).toEqual([left(" in event 1")]);
    await booking.query("update booking_events set note = 'ring twice' where host_id = $1", [hostId]);
    await booking.query("update bookings set note = 'ring twice' where host_id = $1", [hostId]);
    expect(await found()).toEqual([left(""), left(" in event 1"), left(" in event 2")]);
  });

  test("is named: in a request", async () => {
    await booking.query(
      `insert into requests (host_id, request_id, sequence, guest_id, create_time, method, content_hash)
       values ($1, $2, 1, $3, now(), 'CreateBooking', sha256(''))`,
      [hostId, requestId, guestId],
    );
    expect(await found()).toEqual([left(` in request ${requestId}`)]);
  });

  test("is not named while the erasure is under way, nor of a guest who is deactivated", async () => {
    await booking.query("update booking_events set note = 'ring twice' where host_id = $1 and sequence = 1", [hostId]);
    await booking.query("update users set complete_time = null");
    expect(await found()).toEqual([]);
    await booking.query("update users set complete_time = now(), state = 'DEACTIVATED' where user_id = $1", [guestId]);
    // Availability says otherwise of the guest, which is another matter.
    expect((await found()).filter((line) => !line.startsWith("USER_STATE"))).toEqual([]);
  });
});

describe("a booking", () => {
  test("that was made after its guest was erased is named", async () => {
    await booking.query("update booking_events set event_time = now() + interval '1 hour' where sequence = 1");
    const why = "was CONFIRMED in event 1, after its guest was ERASED";
    expect(await found()).toEqual([`INACTIVE: booking ${bookingId} of host ${hostId} ${why}`]);
  });

  test("that was moved after its host was deactivated is named, and one that was cancelled is not", async () => {
    expect((await pair.clients.users.deactivateUser({ userId: hostId })).complete).toBe(true);
    const later = "update booking_events set event_time = now() + interval '1 hour', kind = $1 where sequence = 1";
    await booking.query("update users set complete_time = null where user_id = $1", [guestId]);
    await booking.query(later, ["CANCELLED"]);
    expect(await found()).toEqual([]);
    await booking.query(later, ["RESCHEDULED"]);
    const why = "was RESCHEDULED in event 1, after its host was DEACTIVATED";
    expect(await found()).toEqual([`INACTIVE: booking ${bookingId} of host ${hostId} ${why}`]);
  });
});

describe("a user", () => {
  test("whom Booking has forgotten is named, and all is in order again when it is told once more", async () => {
    await booking.query("delete from users where user_id = $1", [guestId]);
    await booking.query("update bookings set note = 'ring twice' where host_id = $1", [hostId]);
    await booking.query("update booking_events set note = 'ring twice' where host_id = $1", [hostId]);
    expect(await found()).toEqual([`USER_STATE: user ${guestId} is ERASED, and ACTIVE in Booking`]);
    await availability.query("update users set told_version = 1 where version > 1");
    expect(await found()).toEqual([]);
    expect((await pair.clients.users.eraseUser({ userId: guestId })).complete).toBe(true);
    expect(await found()).toEqual([]);
  });

  test("who is erased and has a name is named", async () => {
    await availability.query("alter table users drop constraint users_erased_is_nobody");
    await availability.query("update users set display_name = 'Ada' where id = $1", [guestId]);
    expect(await found()).toEqual([`ERASED_USER: user ${guestId} is erased and still somebody`]);
  });
});
