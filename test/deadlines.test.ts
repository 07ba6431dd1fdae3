/** Deadlines go along into the database. What becomes of them on the way to the peer: shared-asks and peer-down. */

import { Code } from "@connectrpc/connect";
import type { Pool, PoolClient } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startPair } from "./support/pair.ts";
import type { Pair } from "./support/pair.ts";
import { poolOf } from "./support/pool.ts";
import { outcomeOf, refusalOf } from "./support/refusals.ts";

let pair: Pair;
let pool: Pool;

beforeAll(async () => {
  pair = await startPair();
  pool = poolOf(pair.booking.databaseUrl);
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
});

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

  /** How many reads of one booking wait for the table. (Others do as well: the service looks for expired holds.) */
  async function waiting(): Promise<number> {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query like '%where b.id = $1%'`,
    );
    return rowCount ?? 0;
  }

  const request = { bookingId: "01900000-0000-7000-8000-000000000001" };

  test("is cancelled there when the caller's deadline passes", async () => {
    const answer = refusalOf(pair.clients.bookings.getBooking(request, { timeoutMs: 1_000 }));
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    expect((await answer).code).toBe(Code.DeadlineExceeded);
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
  });

  test("is cancelled there when the caller leaves", async () => {
    const leaving = new AbortController();
    const answer = refusalOf(pair.clients.bookings.getBooking(request, { signal: leaving.signal }));
    await vi.waitFor(async () => expect(await waiting()).toBe(1));
    leaving.abort();
    expect((await answer).code).toBe(Code.Canceled);
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
  });

  test("leaves the connection usable: as many give up as there are connections, and the next is answered", async () => {
    const calls = Array.from({ length: 30 }, () => pair.clients.bookings.getBooking(request, { timeoutMs: 300 }));
    const codes = await Promise.all(calls.map(async (call) => (await refusalOf(call)).code));
    expect(new Set(codes)).toEqual(new Set([Code.DeadlineExceeded]));
    await vi.waitFor(async () => expect(await waiting()).toBe(0));
    await lock.query("rollback");
    expect(await outcomeOf(pair.clients.bookings.getBooking(request))).toBe("BOOKING_NOT_FOUND");
  });
});
