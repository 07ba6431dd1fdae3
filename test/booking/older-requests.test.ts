/** Requests that were carried out before a field was added to them: sent again, they are the same requests. */

import { hash, randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Booking } from "../../shared/gen/booking/v1/booking_pb.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";

let pair: Pair;
let pool: Pool;
let hostId: string;
let guestId: string;
let requestId: string;
const [start, end, later] = [tomorrow(8), tomorrow(9), tomorrow(10)];
const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
const laterTimes = { startTime: timestampFromMs(end), endTime: timestampFromMs(later) };

beforeAll(async () => {
  pair = await startPair();
  pool = poolOf(pair.booking.databaseUrl);
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
});

beforeEach(async () => {
  [hostId, guestId, requestId] = [await createHost(pair.clients), await createGuest(pair.clients), randomUUID()];
  await openTime(pair.clients, hostId, { start, end: later });
});

/** Remembers a request as the service did before the field was there: by the hash of this text. */
async function remember(method: string, content: string, booking: Booking): Promise<void> {
  await pool.query(
    `insert into requests (host_id, request_id, method, content_hash, sequence, create_time)
     select host_id, $2, $3, decode($4, 'hex'), sequence, clock_timestamp() from bookings where id = $1`,
    [booking.id, requestId, method, hash("sha256", content, "hex")],
  );
}

async function made(): Promise<Booking> {
  return (await pair.clients.bookings.createBooking({ hostId, guestId, ...times })).booking!;
}

describe("CreateBooking", () => {
  beforeEach(async () => {
    await remember("CreateBooking", `["${hostId}","${guestId}",${start},${end},null]`, await made());
  });

  test("has its first answer", async () => {
    const { bookings } = await pair.clients.bookings.listBookings({ hostId });
    const again = await pair.clients.bookings.createBooking({ hostId, guestId, ...times, requestId });
    expect([again.booking]).toEqual(bookings);
  });

  test.each([{ externalId: "crm-1" }, { note: "n" }, { labels: { a: "" } }, { ignoreNotice: true }])(
    "is another request with %o",
    async (more) => {
      const other = pair.clients.bookings.createBooking({ hostId, guestId, ...times, requestId, ...more });
      expect(await outcomeOf(other)).toBe("REQUEST_ID_REUSED");
    },
  );
});

test("CancelBooking has its first answer, and is another request with a reason", async () => {
  const { bookings } = pair.clients;
  const { id: bookingId } = await made();
  const first = await bookings.cancelBooking({ bookingId });
  await remember("CancelBooking", `["${bookingId}",null]`, first.booking!);
  expect(await bookings.cancelBooking({ bookingId, requestId })).toEqual(first);
  expect(await outcomeOf(bookings.cancelBooking({ bookingId, requestId, reason: "r" }))).toBe("REQUEST_ID_REUSED");
});

test("RescheduleBooking has its first answer, and is another request where it ignores the notice", async () => {
  const { bookings } = pair.clients;
  const { id: bookingId, etag } = await made();
  const first = await bookings.rescheduleBooking({ bookingId, ...laterTimes, etag });
  await remember("RescheduleBooking", `["${bookingId}",${end},${later},"\\"1\\""]`, first.booking!);
  const again = { bookingId, ...laterTimes, etag, requestId };
  expect(await bookings.rescheduleBooking(again)).toEqual(first);
  expect(await outcomeOf(bookings.rescheduleBooking({ ...again, ignoreNotice: true }))).toBe("REQUEST_ID_REUSED");
});

test("ConfirmBooking has its first answer", async () => {
  const { bookings } = pair.clients;
  const { booking } = await bookings.createBooking({ hostId, guestId, ...times, holdSeconds: 600 });
  const first = await bookings.confirmBooking({ bookingId: booking!.id });
  await remember("ConfirmBooking", `["${booking!.id}",null]`, first.booking!);
  expect(await bookings.confirmBooking({ bookingId: booking!.id, requestId })).toEqual(first);
});
