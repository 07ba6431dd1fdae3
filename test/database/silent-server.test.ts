/** A server that takes a connection and then says nothing, or is gone in the middle of a question: nobody waits for it without end. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { listen } from "../../services/booking/feed/listen.ts";
import { FEED_CHANNEL } from "../../services/booking/feed/notify.ts";
import { openLanePool } from "../../services/booking/storage/lane-pool.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { connectForReading } from "../../services/ops/audit/stored.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { assertOwnSessions, prepareSession } from "../../shared/postgres/session.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { testLog } from "../support/logs.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { waitUntil } from "../support/waits.ts";

let database: TestDatabase;
let proxy: CuttingProxy;
/** What a test has started, to be ended in the reverse order. */
const started: (() => unknown)[] = [];

beforeAll(async () => {
  database = await createDatabase("booking");
  proxy = await startCuttingProxy(database.url);
});
afterEach(async () => {
  vi.useRealTimers();
  for (const end of started.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

/** A server that takes connections and says nothing at all. */
async function silentServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => undefined).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  started.push(() => server.close());
  return {
    url: `postgres://a@127.0.0.1:${(server.address() as AddressInfo).port}/a`,
    sockets,
    /** Ends its connections with the test: before whatever waits for them to end. */
    endAfterwards: () => void started.push(() => sockets.forEach((socket) => socket.destroy())),
  };
}

const pools: Readonly<Record<string, (url: string) => Promise<Pool>>> = {
  async lanes(url) {
    const pool = openLanePool(url, 1, testLog("silent"));
    started.push(() => pool.end());
    return pool;
  },
  async reads(url) {
    const options = { entities: bookingTables, migrations: [], poolSize: 1, applicationName: "silent" };
    const opened = await openDatabase({ ...options, url });
    started.push(() => opened.close());
    return opened.pool;
  },
};

/** Turns the clock on for the driver. What comes from the server comes when it comes. */
async function timePasses(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await new Promise(setImmediate);
}
const stopClock = (): void => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });

describe.each([
  ["lanes", 12_000],
  ["reads", 35_000],
] as const)("the %s", (name, answerTimeoutMs) => {
  test("give a statement up whose answer does not come, some time after the server should have ended it", async () => {
    const pool = await pools[name]!(database.url);
    const client = await pool.connect();
    started.push(() => client.release(true));
    stopClock();
    let said = "nothing";
    const asked = client.query("select pg_sleep(600)").then(
      () => "an answer",
      (error: unknown) => (said = String(error)),
    );
    await timePasses(answerTimeoutMs - 1);
    expect(said).toBe("nothing");
    await timePasses(1);
    expect(await asked).toContain("Query read timeout");
  });

  test("give a server up that says nothing at all", async () => {
    const silent = await silentServer();
    const pool = await pools[name]!(silent.url);
    stopClock();
    const connecting = pool.connect().then(() => "connected", String);
    await timePasses(5_000);
    silent.endAfterwards();
    expect(await connecting).toMatch(/timeout/);
  });
});

describe("a server that takes connections and says nothing at all", () => {
  test("starts no service", async () => {
    const silent = await silentServer();
    stopClock();
    const asked = assertOwnSessions({ connectionString: silent.url }).then(() => "own sessions", String);
    await timePasses(5_000);
    silent.endAfterwards();
    expect(await asked).toMatch(/timeout/);
  });

  test("is connected to again, to hear of other replicas' changes", async () => {
    const silent = await silentServer();
    const stopping = new AbortController();
    const hearer = { changed: () => undefined, userChanged: () => undefined, doubtAll: () => undefined };
    stopClock();
    const listening = listen(silent.url, hearer, testLog("silent"), stopping.signal);
    started.push(
      () => listening,
      () => stopping.abort(),
    );
    silent.endAfterwards();
    await timePasses(5_000);
    vi.useRealTimers();
    expect(await waitUntil(() => silent.sockets.length > 1)).toBe(true);
  });
});

test("the lanes keep their connections, however long they have nothing to do", async () => {
  const pool = await pools["lanes"]!(database.url);
  const client = await pool.connect();
  stopClock();
  client.release();
  await timePasses(3_600_000);
  expect(pool.totalCount).toBe(1);
});

describe("with a server that is silent when it is asked", () => {
  const silence = (text: string): void => proxy.breakNextAnswer(0, Buffer.alloc(0), { text, silent: true });

  test("what it is, no connection is made", async () => {
    silence("pg_is_in_recovery");
    const pool = new Pool({ connectionString: proxy.url, onConnect: prepareSession({}) });
    started.push(() => pool.end());
    await expect(pool.connect()).rejects.toThrow("timeout");
  });

  test("for two sessions, no service starts", async () => {
    silence("pg_backend_pid");
    await expect(assertOwnSessions({ connectionString: proxy.url })).rejects.toThrow("timeout");
  });

  test("for other replicas' changes, it is asked again", async () => {
    silence(`listen ${FEED_CHANNEL}`);
    const stopping = new AbortController();
    const heard: string[] = [];
    const ignored = { changed: () => undefined, userChanged: () => undefined };
    const hearer = { ...ignored, doubtAll: () => void heard.push("connected") };
    const listening = listen(proxy.url, hearer, testLog("silent"), stopping.signal);
    started.push(
      () => listening,
      () => stopping.abort(),
    );
    expect(await waitUntil(() => heard.length > 0)).toBe(true);
  });
});

test.each<[what: string, text: string, ask: (url: string) => Promise<unknown>]>([
  ["two sessions", "pg_backend_pid", (url) => assertOwnSessions({ connectionString: url })],
  ["two sessions, in a transaction", "begin", (url) => assertOwnSessions({ connectionString: url })],
  ["all that is stored", "pg_is_in_recovery", connectForReading],
])(
  "a connection that is lost while a program asks for %s fails the question, and ends no process",
  async (_what, text, ask) => {
    proxy.cutNextCommit("before", text);
    await expect(ask(proxy.url)).rejects.toThrow("Connection terminated");
  },
);
