/** A pooler between the services and their databases: by session it may be there, otherwise nothing starts. */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Client, Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ServiceName } from "../../services/ops/services.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { read } from "../../shared/postgres/read.ts";
import { assertOwnSessions, prepareSession } from "../../shared/postgres/session.ts";
import { openLanePool } from "../../services/booking/storage/lane-pool.ts";
import { hours } from "../support/hosts-time.ts";
import { testLog } from "../support/logs.ts";
import { startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { pgbouncerPath, startPgbouncer } from "../support/pgbouncer.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { startProcess } from "../support/processes.ts";
import { onServer } from "../support/server.ts";
import { watchBookings } from "../support/watching.ts";

let databases: Record<ServiceName, TestDatabase>;
beforeAll(async () => {
  databases = { availability: await createDatabase("availability"), booking: await createDatabase("booking") };
});
afterAll(() => Promise.all(Object.values(databases).map((database) => database.drop())));

/** Programs are started one after another, on a machine that may have better things to do. */
const PATIENT_MS = 120_000;

const SHARED = "a pooler in front of the database shares its sessions among its clients";

/** The exit code of a program and what it says. */
async function run(program: string, urls: Record<ServiceName, string>): Promise<{ code: unknown; stderr: string }> {
  const main = fileURLToPath(new URL(`../../services/ops/${program}/main.ts`, import.meta.url));
  const env = { AVAILABILITY_DATABASE_URL: urls.availability, BOOKING_DATABASE_URL: urls.booking };
  return new Promise((resolve) => {
    execFile(process.execPath, [main], { env }, (error, _stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stderr }),
    );
  });
}

describe.skipIf(pgbouncerPath === undefined)("PgBouncer", () => {
  test(
    "by transaction: nothing starts, in one line",
    async () => {
      await using availability = await startPgbouncer(databases.availability.url, ["pool_mode = transaction"]);
      await using booking = await startPgbouncer(databases.booking.url, ["pool_mode = transaction"]);
      const urls = { availability: availability.url, booking: booking.url };
      for (const name of ["availability", "booking"] as const) {
        const started = startProcess(name, { DATABASE_URL: urls[name] });
        await expect(started).rejects.toThrow(new RegExp(`^${name} ended: ${name} cannot start: ${SHARED}[^\\n]+\\n$`));
      }
      for (const [program, code] of [["migrate", 1] as const, ["audit", 2] as const]) {
        const ended = await run(program, urls);
        expect(ended.code).toBe(code);
        expect(ended.stderr).toMatch(new RegExp(`^${program}: [^\\n]*${SHARED}[^\\n]+\\n$`));
      }
      // Nothing of ours stays in the sessions of the server, which are other people's.
      const left = await onServer(databases.booking.url, (client) =>
        client.query(
          "select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
        ),
      );
      expect(left.rowCount).toBe(0);
      const stranger = new Client({ connectionString: booking.url });
      await stranger.connect();
      const { rows } = await stranger.query("show statement_timeout");
      expect(rows).toEqual([{ statement_timeout: "0" }]);
      await stranger.end();
    },
    PATIENT_MS,
  );

  test("by statement: is noticed", async () => {
    await using pooler = await startPgbouncer(databases.booking.url, ["pool_mode = statement"]);
    await expect(assertOwnSessions({ connectionString: pooler.url })).rejects.toThrow(SHARED);
  });

  describe.each([1, 2, 3, 20])("by transaction, with %i sessions,", (size) => {
    test.each([
      ["the last one first, idle", 0, 0],
      ["the first one first, idle", 1, 0],
      ["the last one first, busy", 0, 8],
      ["the first one first, busy", 1, 8],
    ])("%s: is noticed", async (_order, roundRobin, strangers) => {
      const settings = ["pool_mode = transaction", `default_pool_size = ${size}`, `server_round_robin = ${roundRobin}`];
      await using pooler = await startPgbouncer(databases.booking.url, settings);
      // All its sessions are open, however many of them are at work.
      const crowd = Array.from(
        { length: Math.max(size, strangers) },
        () => new Client({ connectionString: pooler.url }),
      );
      await Promise.all(crowd.map((client) => client.connect()));
      await Promise.all(crowd.map((client) => client.query("select pg_sleep(0.05)")));
      const ended = { yet: false };
      const busy = crowd.slice(0, strangers).map(async (client) => {
        while (!ended.yet) await client.query("select pg_sleep(0.001)");
      });
      await expect(assertOwnSessions({ connectionString: pooler.url })).rejects.toThrow(SHARED);
      ended.yet = true;
      await Promise.all(busy);
      await Promise.all(crowd.map((client) => client.end()));
    });
  });

  test(
    "by session: all works, with nothing set in the pooler for it",
    async () => {
      await using availability = await startPgbouncer(databases.availability.url, ["pool_mode = session"]);
      await using booking = await startPgbouncer(databases.booking.url, [
        "pool_mode = session",
        "default_pool_size = 60",
      ]);
      const urls = { availability: availability.url, booking: booking.url };
      expect(await run("migrate", urls)).toEqual({ code: 0, stderr: "" });
      // What one replica commits the other one's watchers hear by NOTIFY: they do not poll.
      const hooks = { booking: { feedTimes: { pollMs: 3_600_000 } } };
      const pair = await startPair({ databases: urls, hooks });
      const other = await startPair({ databases: urls, hooks });
      const hostId = await createHost(pair.clients);
      const guestId = await createGuest(pair.clients);
      await openTime(pair.clients, hostId, hours(8, 12));
      const watching = await watchBookings(other.clients.bookings, hostId);
      const { start, end } = hours(8, 9);
      const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
      const created = await pair.clients.bookings.createBooking({ hostId, guestId, ...times });
      await pair.clients.bookings.cancelBooking({ bookingId: created.booking!.id });
      await watching.reaches(2);
      watching.leave();
      await Promise.all([pair.stop(), other.stop()]);
      expect(await run("audit", urls)).toMatchObject({ code: 0 });
    },
    PATIENT_MS,
  );

  test("by session: what nobody waits for any more ends in the server", async () => {
    await using pooler = await startPgbouncer(databases.booking.url, ["pool_mode = session"]);
    // Without a timeout of its own: what is not cancelled goes on.
    const pool = new Pool({ connectionString: pooler.url, onConnect: prepareSession({}) });
    const around = poolOf(databases.booking.url);
    const asleep = async (): Promise<boolean> =>
      (await around.query("select from pg_stat_activity where query = 'select pg_sleep(600)' and state = 'active'"))
        .rowCount === 1;
    const leaving = new AbortController();
    const reading = read(pool, { text: "select pg_sleep(600)" }, { signal: leaving.signal });
    const refused = reading.catch((error: unknown) => error);
    await vi.waitUntil(asleep, { timeout: 10_000 });
    leaving.abort();
    expect(await refused).toBe(leaving.signal.reason);
    expect(await asleep()).toBe(false);
    await Promise.all([pool.end(), around.end()]);
  });

  test(
    "refuses a startup parameter of the URL: that is said in one line",
    async () => {
      await using pooler = await startPgbouncer(databases.booking.url, ["pool_mode = session"]);
      const url = `${pooler.url}?options=-c%20jit%3Doff`;
      const complaint = "unsupported startup parameter: options";
      await expect(startProcess("booking", { DATABASE_URL: url })).rejects.toThrow(
        new RegExp(`^booking ended: booking cannot start: [^\\n]*${complaint}\\n$`),
      );
      for (const [program, code] of [["migrate", 1] as const, ["audit", 2] as const]) {
        const ended = await run(program, { availability: url, booking: url });
        expect(ended.code).toBe(code);
        expect(ended.stderr).toMatch(new RegExp(`^${program}: [^\\n]*${complaint}\\n$`));
      }
    },
    PATIENT_MS,
  );
});

if (pgbouncerPath === undefined) {
  process.stderr.write(
    "\n*** SKIPPED: the services were not tried behind a pooler, because PgBouncer is not installed. ***\n\n",
  );
}

test(
  "a setting that PostgreSQL does not know, in the URL, is said in one line",
  async () => {
    const url = `${databases.booking.url}?options=-c%20nonsense%3D1`;
    await expect(startProcess("booking", { DATABASE_URL: url })).rejects.toThrow(
      /^booking ended: booking cannot start: [^\n]*unrecognized configuration parameter "nonsense"\n$/,
    );
  },
  PATIENT_MS,
);

test("each connection has our settings, though none of them is a startup parameter", async () => {
  const pool = openLanePool(databases.booking.url, 1, testLog("pooler"));
  const options = { entities: bookingTables, migrations: [], poolSize: 1, applicationName: "settings" };
  const database = await openDatabase({ ...options, url: databases.booking.url });
  const names = ["statement_timeout", "idle_in_transaction_session_timeout", "TimeZone", "plan_cache_mode", "jit"];
  const settingsOf = async (of: Pool): Promise<unknown> =>
    (await of.query("select array_agg(current_setting(name)) as settings from unnest($1::text[]) as name", [names]))
      .rows;
  await onServer(databases.booking.url, async (client) => {
    const { rows } = await client.query<{ name: string }>("select current_database() as name");
    await client.query(`alter database ${rows[0]?.name} set timezone = 'Asia/Tokyo'`);
  });
  expect(await settingsOf(pool)).toEqual([{ settings: ["10s", "5s", "Asia/Tokyo", "force_generic_plan", "off"] }]);
  expect(await settingsOf(database.pool)).toEqual([{ settings: ["30s", "30s", "UTC", "auto", "on"] }]);
  await Promise.all([pool.end(), database.close()]);
});
