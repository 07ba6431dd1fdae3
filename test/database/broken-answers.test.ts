/**
 * The server's answer to a COMMIT breaks off, or something comes that does not belong there: the caller is told what is
 * stored, and the process goes on. An error thrown where the driver hands a message over would end it.
 */

import { randomUUID, randomUUIDv7 } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { connectClients } from "../support/clients.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { hours, storedIntervals } from "../support/hosts-time.ts";
import { createCommand, hourOf, saidOf, startLanes } from "../support/lanes.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase } from "../support/postgres.ts";
import { fatal, message } from "../support/postgres-messages.ts";
import { outcomeOf } from "../support/refusals.ts";
import { onServer } from "../support/server.ts";
import { admin, tokenSource } from "../support/tokens.ts";

const NOBODY = "http://127.0.0.1:1";

/** What may come instead of the rest: a message for each method of the reader, and one that no server sends. */
const instead: readonly (readonly [name: string, bytes: Buffer])[] = [
  ["a FATAL", fatal("57P01", "terminating connection due to administrator command")],
  ["the connection's end", Buffer.alloc(0)],
  ["the end of another statement", message("C", "INSERT 0 1\0")],
  ["a row without a query", message("D", Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xff]))],
  ["columns without a query", message("T", Buffer.from([0, 0]))],
  ["EmptyQueryResponse", message("I")],
  ["PortalSuspended", message("s")],
  ["CopyInResponse", message("G", Buffer.from([0, 0, 0]))],
  ["CopyData", message("d", "x")],
  ["ReadyForQuery", message("Z", "I")],
  ["a message of an unknown kind", message("?")],
];

const HOST = randomUUIDv7();

let proxy: CuttingProxy;
/** The database behind the proxy. */
let pool: Pool;
/** What a test has started, to be ended in the reverse order. */
let started: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of started.toReversed()) await stop();
  started = [];
});

/** Breaks the answer at its first place, its second, and so on, until it has passed whole. Returns how many places it has. */
async function atEveryPlace(bytes: Buffer, act: (place: number) => Promise<void>, text?: string): Promise<number> {
  for (let place = 0; ; place += 1) {
    const before = proxy.cuts();
    proxy.breakNextAnswer(place, bytes, text === undefined ? {} : { text });
    await act(place);
    if (proxy.cuts() === before) return place;
  }
}

describe("a booking", () => {
  beforeEach(async () => {
    const lanes = await startLanes(1, { lanes: 1 }, async (url) => (proxy = await startCuttingProxy(url)).url);
    started.push(
      () => proxy.close(),
      () => lanes.stop(),
    );
    ({ pool, commit } = lanes);
  });
  let commit: Awaited<ReturnType<typeof startLanes>>["commit"];

  test.each(instead)("is confirmed once, with %s at any place in the answer to its COMMIT", async (_name, bytes) => {
    const hostId = randomUUIDv7();
    const places = await atEveryPlace(bytes, async (place) => {
      expect(await saidOf(commit(createCommand(hostId, hourOf(place))))).toBe("CONFIRMED");
    });
    // Two messages, at least, for each of four statements, and the end.
    expect(places).toBeGreaterThan(9);
    const { rows } = await pool.query(
      "select (select count(*)::int from bookings) as bookings, max(sequence)::int as last from booking_events",
    );
    expect(rows).toEqual([{ bookings: places + 1, last: places + 1 }]);
  });
});

test("a lane leaves no connection that was lost behind its COMMIT, though nothing says that it is closed", async () => {
  const lanes = await startLanes(1, { lanes: 1 }, async (url) => (proxy = await startCuttingProxy(url)).url);
  started.push(
    () => proxy.close(),
    () => lanes.stop(),
  );
  const create = async (hour: number): Promise<string> => saidOf(lanes.commit(createCommand(HOST, hourOf(hour))));
  const [, bytes] = instead[0]!;
  const tries: number[] = [];
  for (let place = 0; ; place += 1) {
    proxy.breakNextAnswer(place, bytes, { silent: true });
    expect(await create(2 * place)).toBe("CONFIRMED");
    if (proxy.cuts() === place) break;
    const before = lanes.transactions();
    expect(await create(2 * place + 1)).toBe("CONFIRMED");
    tries.push(lanes.transactions() - before);
  }
  // Nobody waited for a connection that answers nothing, to try again. (What is lost behind the whole answer, nobody can know.)
  expect(tries.length).toBeGreaterThan(5);
  expect(new Set(tries.slice(0, -1))).toEqual(new Set([1]));
});

describe("a booking whose first trip is broken off", () => {
  test.each(instead)("is confirmed once, with %s at any place in the answer", async (_name, bytes) => {
    const lanes = await startLanes(1, { lanes: 1 }, async (url) => (proxy = await startCuttingProxy(url)).url);
    started.push(
      () => proxy.close(),
      () => lanes.stop(),
    );
    const hostId = randomUUIDv7();
    const create = async (place: number): Promise<void> => {
      expect(await saidOf(lanes.commit(createCommand(hostId, hourOf(place))))).toBe("CONFIRMED");
    };
    const places = await atEveryPlace(bytes, create, "begin\0");
    expect(places).toBeGreaterThan(7);
    expect((await lanes.pool.query("select from bookings")).rowCount).toBe(places + 1);
  });
});

describe("an addition", () => {
  let add: (hour: number, requestId?: string) => Promise<string>;
  let hostId: string;

  beforeEach(async () => {
    const database = await createDatabase("availability");
    pool = poolOf(database.url);
    proxy = await startCuttingProxy(database.url);
    const served = await startAvailabilityService(proxy.url, { BOOKING_URL: NOBODY });
    started.push(
      () => database.drop(),
      () => pool.end(),
      () => proxy.close(),
      () => served.stop(),
    );
    const clients = connectClients(served.connectUrl, NOBODY, tokenSource(admin));
    hostId = await createHost(clients);
    add = (hour, requestId = "") => {
      const { start, end } = hours(2 * hour, 2 * hour + 1);
      const range = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
      return outcomeOf(clients.availability.addAvailability({ hostId, ...range, slotDurationMinutes: 30, requestId }));
    };
  });

  test.each(instead)("is accepted, with %s at any place in the answer to its COMMIT", async (_name, bytes) => {
    const places = await atEveryPlace(bytes, async (place) => {
      expect(await add(place, randomUUID())).toBe("accepted");
    });
    expect(places).toBeGreaterThan(3);
    expect(await storedIntervals(pool, hostId)).toHaveLength(places + 1);
  });

  test("leaves no connection to others that was lost behind its COMMIT, though nothing says that it is closed", async () => {
    // Its own connection, and then one that answers nothing any more.
    const [, bytes] = instead[0]!;
    for (let place = 0; place < 8; place += 1) {
      proxy.breakNextAnswer(place, bytes, { silent: true });
      expect(await add(place, randomUUID())).toBe("accepted");
    }
    expect(await storedIntervals(pool, hostId)).toHaveLength(8);
  });

  test("without a request_id is accepted as soon as the server has reported its COMMIT: there is nothing to find out", async () => {
    const said: string[] = [];
    const places = await atEveryPlace(instead[0]![1], async (place) => void said.push(await add(place)));
    expect(new Set(said.slice(0, -3))).toEqual(new Set(["OUTCOME_UNKNOWN"]));
    // Behind CommandComplete, behind the end of the answer, and whole.
    expect(said.slice(-3)).toEqual(["accepted", "accepted", "accepted"]);
    expect(await storedIntervals(pool, hostId)).toHaveLength(places + 1);
  });
});

test("a server that ends a lane's connection while it commits: the caller gets its booking", async () => {
  // A commit sleeps for 100 ms before it flushes, so that it can be met there.
  const postgres = await startOwnPostgres({ settings: { commit_delay: "100000", commit_siblings: "0" } });
  started.push(() => postgres.stop());
  await onServer(postgres.url("postgres"), (client) => client.query("create database booking"));
  await migrateDatabase("booking", postgres.url("booking"));
  const lanes = await startLanes(1, { lanes: 1 }, () => postgres.url("booking"));
  started.push(() => lanes.stop());
  const own = poolOf(postgres.url("booking"));
  started.push(() => own.end());
  const terminated = async (): Promise<boolean> => {
    const { rowCount } = await own.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'booking-lanes' and state = 'active' and query = 'commit'`,
    );
    return rowCount === 1;
  };
  for (let hour = 0; hour < 5; hour += 1) {
    const created = saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(hour))));
    let isOver = false;
    void created.then(() => (isOver = true));
    await vi.waitUntil(async () => (await terminated()) || isOver, { interval: 5, timeout: 10_000 });
    expect(await created).toBe("CONFIRMED");
  }
  expect((await own.query("select from bookings")).rowCount).toBe(5);
}, 60_000);
