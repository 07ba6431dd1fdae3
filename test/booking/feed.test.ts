/** What the feed costs, and what becomes of it while its database cannot be reached. */

import { randomUUID } from "node:crypto";
import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Feed, openFeed, type Reader, type WatchMessage } from "../../services/booking/feed/feed.ts";
import { startLink } from "../support/link.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { storeEvents } from "../support/stored-events.ts";

const KEEP_ALIVE_MS = 20;
const log = pino({ level: "silent" });

let database: TestDatabase;
let pool: Pool;
let leaving: AbortController;
let reader: Reader;
let hostId: string;
let feed: Feed;

beforeAll(async () => {
  database = await createDatabase("booking");
  pool = poolOf(database.url);
});

beforeEach(() => {
  leaving = new AbortController();
  reader = { signal: leaving.signal, interrupt: (reason) => leaving.abort(reason) };
  hostId = randomUUID();
});

afterEach(async () => {
  leaving.abort();
  await feed.close();
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** A feed that reads from `from` and does not poll. */
function open(from: Pool): void {
  const times = { keepAliveMs: KEEP_ALIVE_MS, pollMs: 3_600_000 };
  const users = { forget: () => undefined, doubtAll: () => undefined };
  feed = openFeed({ pool: from, url: database.url, log, users, times });
}

async function next(stream: AsyncGenerator<WatchMessage, void>): Promise<WatchMessage> {
  const { value } = await stream.next();
  if (value === undefined) throw new Error("the stream has ended");
  return value;
}

/** Reads on to the next event. */
async function nextEvent(stream: AsyncGenerator<WatchMessage, void>): Promise<WatchMessage> {
  let message = await next(stream);
  while (message.event === undefined) message = await next(stream);
  return message;
}

test("an idle watcher costs no queries, however often it is told that its stream is alive", async () => {
  const own = poolOf(database.url);
  let queries = 0;
  own.on("acquire", () => (queries += 1));
  open(own);
  const stream = feed.watch(hostId, undefined, reader);
  await next(stream);
  await next(stream);
  const before = queries;
  for (let keepAlive = 0; keepAlive < 20; keepAlive += 1) expect(await next(stream)).toEqual({ sequence: 0 });
  // Waking by the connection that listens costs one read, whenever that is made.
  expect(queries - before).toBeLessThanOrEqual(1);
  await storeEvents(pool, hostId, 1);
  feed.changed([hostId]);
  expect((await nextEvent(stream)).sequence).toBe(1);
  leaving.abort();
  await own.end();
});

test("a watcher whose last read failed reads again with its next keep-alive", async () => {
  const link = await startLink(database.url);
  const { port } = new URL(link.url);
  const own = poolOf(database.url.replace(/:\d+\//, `:${port}/`));
  open(own);
  const stream = feed.watch(hostId, undefined, reader);
  await next(stream);
  await next(stream);
  link.set("cut");
  await storeEvents(pool, hostId, 1);
  // The read that this wakes it for fails: what follows is a keep-alive.
  feed.changed([hostId]);
  expect((await next(stream)).event).toBeUndefined();
  link.set("open");
  expect((await nextEvent(stream)).sequence).toBe(1);
  leaving.abort();
  await own.end();
  await link.close();
});
