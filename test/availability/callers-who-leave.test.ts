/** A read whose caller has left does not go on in the database, also if its cancellation fails. */

import { Code } from "@connectrpc/connect";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clients, connectClients } from "../support/clients.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { type Served, startAvailabilityService } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { refusalOf } from "../support/refusals.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

const NOBODY = "http://127.0.0.1:1";

let database: TestDatabase;
let proxy: CuttingProxy;
let service: Served;
let clients: Clients;
let blocker: pg.Client;
let hostId: string;

beforeAll(async () => {
  database = await createDatabase("availability");
  proxy = await startCuttingProxy(database.url);
  service = await startAvailabilityService(proxy.url, { BOOKING_URL: NOBODY });
  clients = connectClients(service.connectUrl, NOBODY, tokenSource(admin));
  hostId = await createHost(clients);
  blocker = new pg.Client(database.url);
  await blocker.connect();
  await blocker.query("begin");
  await blocker.query("lock table users in access exclusive mode");
});

afterAll(async () => {
  await blocker.end();
  await service.stop();
  await proxy.close();
  await database.drop();
});

async function waitingQueries(): Promise<number> {
  const { rows } = await blocker.query(
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length;
}

const methods = [
  ["ListUsers", (signal: AbortSignal) => clients.users.listUsers({}, { signal })],
  ["GetUser", (signal: AbortSignal) => clients.users.getUser({ userId: hostId }, { signal })],
  ["ListAvailability", (signal: AbortSignal) => clients.availability.listAvailability({ hostId }, { signal })],
] as const;

test.each(methods)("a caller of %s who leaves takes its query out of the database", async (_method, call) => {
  const leave = new AbortController();
  const answer = refusalOf(call(leave.signal));
  await waitFor(async () => expect(await waitingQueries()).toBe(1));
  leave.abort();
  await waitFor(async () => expect(await waitingQueries()).toBe(0));
  expect((await answer).code).toBe(Code.Canceled);
});

test.each(methods)(
  "a caller of %s leaves, and the cancellation's connection is lost: nothing comes of it",
  async (_method, call) => {
    const leave = new AbortController();
    const answer = refusalOf(call(leave.signal));
    await waitFor(async () => expect(await waitingQueries()).toBe(1));
    const cancellation = proxy.keepNext("pg_cancel_backend");
    leave.abort();
    await cancellation.cut;
    expect((await answer).code).toBe(Code.Canceled);
    await cancellation.deliver();
    await waitFor(async () => expect(await waitingQueries()).toBe(0));
  },
);
