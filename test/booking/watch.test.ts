/** WatchBookings over both protocols and from two replicas: every change once and in order, also when connections break. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BookingEventKind } from "../../shared/gen/booking/v1/booking_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { hours } from "../support/hosts-time.ts";
import { type Pair, type Served, startBookingService, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { storeEvents } from "../support/stored-events.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { sequencesOf, watchBookings } from "../support/watching.ts";
import { waitFor, waitUntil } from "../support/waits.ts";

let pair: Pair;
let other: Served;
let pool: Pool;
let hostId: string;
let guestId: string;
let bookings: Client<typeof BookingService>;
/** The same service through another replica. */
let elsewhere: Client<typeof BookingService>;

beforeAll(async () => {
  pair = await startPair();
  other = await startBookingService(pair.booking.databaseUrl, { AVAILABILITY_URL: pair.availability.connectUrl });
  pool = poolOf(pair.booking.databaseUrl);
  ({ bookings } = pair.clients);
  elsewhere = clientOf(other);
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(0, 240));
});

afterAll(async () => {
  await pool.end();
  await other.stop();
  await pair.stop();
});

const interceptors = [bearer(tokenSource(admin))];

function clientOf(served: Served): Client<typeof BookingService> {
  return createClient(
    BookingService,
    createConnectTransport({ baseUrl: served.connectUrl, httpVersion: "2", interceptors }),
  );
}

async function book(slot: number, through = bookings, holdSeconds = 0): Promise<string> {
  const { start, end } = hours(slot / 2, slot / 2 + 0.5);
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
  const { booking } = await through.createBooking({ hostId, guestId, ...times, holdSeconds });
  return booking!.id;
}

const upTo = (last: number, from = 1): number[] => Array.from({ length: last - from + 1 }, (_, index) => from + index);

describe("a stream", () => {
  test("from the beginning tells all that has been, then all that comes, each with the booking as it was left", async () => {
    const held = await book(0, bookings, 600);
    await bookings.confirmBooking({ bookingId: held });
    const watching = await watchBookings(bookings, hostId, 0);
    const { start, end } = hours(3, 4);
    const moved = { bookingId: held, startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
    const rescheduled = await bookings.rescheduleBooking(moved);
    const cancelled = await bookings.cancelBooking({ bookingId: held });
    await watching.reaches(4);
    expect(watching.messages[0]?.sequence).toBe(0n);
    expect(watching.messages[0]?.event).toBeUndefined();
    const events = watching.messages.slice(1).map(({ event }) => event!);
    expect(events.map((event) => event.kind)).toEqual([
      BookingEventKind.HELD,
      BookingEventKind.CONFIRMED,
      BookingEventKind.RESCHEDULED,
      BookingEventKind.CANCELLED,
    ]);
    expect(sequencesOf(watching.messages)).toEqual([1, 2, 3, 4]);
    expect(events.slice(2).map((event) => event.booking)).toEqual([rescheduled.booking, cancelled.booking]);
    watching.leave();
  });

  test("from now tells only what comes", async () => {
    await book(0);
    const watching = await watchBookings(bookings, hostId);
    expect(watching.messages).toMatchObject([{ sequence: 1n }]);
    await book(1);
    await watching.reaches(2);
    expect(sequencesOf(watching.messages)).toEqual([2]);
    watching.leave();
  });

  test("has no gap and no double while many bookings are made through both replicas", async () => {
    const streams = await Promise.all([watchBookings(bookings, hostId, 0), watchBookings(elsewhere, hostId, 0)]);
    // A busy machine may not come to Availability's answer in time: then nothing was changed, and it is sent again.
    await Promise.all(upTo(100).map((slot) => waitFor(() => book(slot, slot % 2 === 0 ? bookings : elsewhere))));
    for (const watching of streams) {
      await watching.reaches(100);
      expect(sequencesOf(watching.messages)).toEqual(upTo(100));
      watching.leave();
    }
  });

  test("that is resumed after the last sequence seen tells the rest", async () => {
    for (const slot of upTo(5)) await book(slot);
    const first = await watchBookings(bookings, hostId, 0);
    await first.reaches(3);
    first.leave();
    const second = await watchBookings(elsewhere, hostId, 3);
    await second.reaches(5);
    expect(sequencesOf(second.messages)).toEqual([4, 5]);
    second.leave();
  });

  test("of a host without bookings starts at 0", async () => {
    const watching = await watchBookings(bookings, hostId);
    expect(watching.messages).toMatchObject([{ sequence: 0n }]);
    watching.leave();
  });

  test("after a sequence that the host has not reached is refused", async () => {
    await book(0);
    expect(await outcomeOf(watchBookings(bookings, hostId, 2))).toBe("SEQUENCE_UNKNOWN");
  });
});

describe("a stream goes on", () => {
  /** Resolves when this many replicas listen. */
  async function listeners(count: number): Promise<void> {
    await waitUntil(async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity
         where datname = current_database() and application_name = 'booking-feed' and state = 'idle' and query ~ '^listen'`,
      );
      return rowCount === count;
    });
  }

  test("when nobody says that there is something new: it polls", async () => {
    const watching = await watchBookings(bookings, hostId);
    await storeEvents(pool, hostId, 1);
    await watching.reaches(1);
    expect(sequencesOf(watching.messages)).toEqual([1]);
    watching.leave();
  });

  test("without polling: another replica is told of what was changed here", async () => {
    const environment = { AVAILABILITY_URL: pair.availability.connectUrl };
    const replica = await startBookingService(pair.booking.databaseUrl, environment, {
      feedTimes: { pollMs: 3_600_000 },
    });
    await listeners(3);
    const watching = await watchBookings(clientOf(replica), hostId);
    await book(0);
    // By far sooner than the next poll, in an hour.
    await watching.reaches(1);
    expect(sequencesOf(watching.messages)).toEqual([1]);
    watching.leave();
    await replica.stop();
  });

  test("when the connection that listens is lost, and hears of what was changed meanwhile", async () => {
    const watching = await watchBookings(bookings, hostId);
    const { rowCount } = await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'booking-feed'`,
    );
    expect(rowCount).toBe(2);
    await book(0, elsewhere);
    await watching.reaches(1);
    // Listening again, and not only polling: both replicas are back.
    await listeners(2);
    await book(1, elsewhere);
    await watching.reaches(2);
    expect(sequencesOf(watching.messages)).toEqual([1, 2]);
    watching.leave();
  });

  test("when every connection to the database is lost", async () => {
    const watching = await watchBookings(bookings, hostId);
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await waitUntil(async () => (await outcomeOf(book(0))) === "accepted");
    await watching.reaches(1);
    expect(sequencesOf(watching.messages)).toEqual([1]);
    watching.leave();
  });
});
