/** Deadlines: what is left of one goes along to the peer, and into the database. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { Pool, PoolClient } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { PEER_CALL_MAX_MS } from "../../services/booking/peers/availability.ts";
import { SHARED_GRACE_MS } from "../../services/booking/peers/shared-asks.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { admin, authorizationOf } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

let pair: Pair;
let pool: Pool;
let channel: ReturnType<typeof grpcChannel>;
/** The timeouts with which Booking called Availability. */
const asked: number[] = [];

beforeAll(async () => {
  pair = await startPair({
    hooks: {
      booking: {
        peer: (peer) => ({
          ...peer,
          snapshot: (hostId, window, generation, timeoutMs) => {
            asked.push(timeoutMs);
            return peer.snapshot(hostId, window, generation, timeoutMs);
          },
          assertGuest: (guestId, timeoutMs) => {
            asked.push(timeoutMs);
            return peer.assertGuest(guestId, timeoutMs);
          },
        }),
      },
    },
  });
  pool = poolOf(pair.booking.databaseUrl);
  channel = grpcChannel(pair.booking.grpcAddress);
});

afterEach(() => {
  asked.length = 0;
});

afterAll(async () => {
  channel.close();
  await pool.end();
  await pair.stop();
});

/** Enough for a create, and less than the peer has at most: so what goes along is the caller's. */
const LEFT_MS = PEER_CALL_MAX_MS - SHARED_GRACE_MS - 1;

/** A create by people whom Booking knows nothing of yet, so that it must ask. */
async function freshCreate() {
  const hostId = await createHost(pair.clients);
  const guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(9) });
  return { hostId, guestId, startTime: timestampFromMs(tomorrow(8)), endTime: timestampFromMs(tomorrow(8, 30)) };
}

describe("what is left of the caller's deadline goes with the call to Availability, and a little for those who share it", () => {
  test("over Connect", async () => {
    await inTime(async (create) => pair.clients.bookings.createBooking(create, { timeoutMs: LEFT_MS }));
    expect(asked).toHaveLength(2);
    for (const timeoutMs of asked) {
      expect(timeoutMs).toBeGreaterThan(0);
      expect(timeoutMs).toBeLessThanOrEqual(LEFT_MS + SHARED_GRACE_MS);
    }
  });

  test("over gRPC", async () => {
    const { authorization } = await authorizationOf(admin);
    await inTime(async (create) =>
      grpcCall(channel, BookingService.method.createBooking, create, { deadline: Date.now() + LEFT_MS }, authorization),
    );
    expect(asked).toHaveLength(2);
    for (const timeoutMs of asked) {
      expect(timeoutMs).toBeGreaterThan(0);
      expect(timeoutMs).toBeLessThanOrEqual(LEFT_MS + SHARED_GRACE_MS);
    }
  });

  test("and however patient the caller is, the peer has only so long", async () => {
    await pair.clients.bookings.createBooking(await freshCreate(), { timeoutMs: 60_000 });
    expect(asked).toHaveLength(2);
    for (const timeoutMs of asked) expect(timeoutMs).toBeLessThanOrEqual(PEER_CALL_MAX_MS);
  });
});

/** Until one is made in its time: a busy machine may not come to it. */
async function inTime(createBooking: (create: Awaited<ReturnType<typeof freshCreate>>) => Promise<unknown>) {
  await waitFor(async () => {
    const create = await freshCreate();
    asked.length = 0;
    await createBooking(create);
  });
}

describe("a read that waits in the database", () => {
  let lock: PoolClient;

  beforeAll(async () => {
    lock = await pool.connect();
    await lock.query("begin");
    await lock.query("lock table bookings in access exclusive mode");
  });

  afterAll(async () => {
    await lock.query("rollback");
    lock.release();
  });

  /**
   * How many reads of one booking wait for the table. (Others do as well: the service looks for expired holds.) The server keeps
   * the first 1024 characters of a query.
   */
  async function waiting(): Promise<number> {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like '%else b.state end as state%'`,
    );
    return rowCount ?? 0;
  }

  const request = { bookingId: "01900000-0000-7000-8000-000000000001" };

  test("is cancelled there when the caller's deadline passes", async () => {
    const answer = refusalOf(pair.clients.bookings.getBooking(request, { timeoutMs: 5_000 }));
    await waitFor(async () => expect(await waiting()).toBe(1));
    expect((await answer).code).toBe(Code.DeadlineExceeded);
    await waitFor(async () => expect(await waiting()).toBe(0));
  });

  test("is cancelled there when the caller leaves", async () => {
    const leaving = new AbortController();
    const answer = refusalOf(pair.clients.bookings.getBooking(request, { signal: leaving.signal }));
    await waitFor(async () => expect(await waiting()).toBe(1));
    leaving.abort();
    expect((await answer).code).toBe(Code.Canceled);
    await waitFor(async () => expect(await waiting()).toBe(0));
  });

  test("leaves the connection usable: as many give up as there are connections, and the next is answered", async () => {
    const calls = Array.from({ length: 30 }, () => pair.clients.bookings.getBooking(request, { timeoutMs: 2_000 }));
    const codes = await Promise.all(calls.map(async (call) => (await refusalOf(call)).code));
    expect(new Set(codes)).toEqual(new Set([Code.DeadlineExceeded]));
    await waitFor(async () => expect(await waiting()).toBe(0));
    await lock.query("rollback");
    expect(await outcomeOf(pair.clients.bookings.getBooking(request))).toBe("BOOKING_NOT_FOUND");
  });
});
