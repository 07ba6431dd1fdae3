import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHost } from "../support/people.ts";
import { type Replicas, startReplicas } from "../support/replicas.ts";
import { waitFor } from "../support/waits.ts";

let replicas: Replicas;
let clients: Replicas["clients"][number];
let blocker: pg.Client;
let hostId: string;

beforeAll(async () => {
  replicas = await startReplicas(1);
  clients = replicas.clients[0]!;
  hostId = await createHost(clients);
  blocker = new pg.Client(replicas.databaseUrl);
  await blocker.connect();
  await blocker.query("begin");
  await blocker.query("lock table users in access exclusive mode");
});

afterAll(async () => {
  await blocker.end();
  await replicas.stop();
});

async function waitingQueries(): Promise<number> {
  const { rows } = await replicas.pool.query(
    "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length;
}

test.each([
  ["ListUsers", (signal: AbortSignal) => clients.users.listUsers({}, { signal })],
  ["GetUser", (signal: AbortSignal) => clients.users.getUser({ userId: hostId }, { signal })],
  ["ListAvailability", (signal: AbortSignal) => clients.availability.listAvailability({ hostId }, { signal })],
])("a caller of %s who leaves takes its query out of the database", async (_method, call) => {
  const leave = new AbortController();
  const answer = call(leave.signal).catch((error: unknown) => error);
  await waitFor(async () => expect(await waitingQueries()).toBe(1));
  leave.abort();
  await waitFor(async () => expect(await waitingQueries()).toBe(0));
  expect(await answer).toBeInstanceOf(Error);
});
