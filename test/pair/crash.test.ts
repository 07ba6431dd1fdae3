/**
 * Processes and databases that are killed at the worst moments. Each test ends with the two databases in order and the pair at
 * work again, without anybody having repaired anything.
 */

import { randomBytes, randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { deletePostgres, type Postgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { type ServiceName, serviceNames } from "../../services/ops/services.ts";
import type { Interval } from "../../shared/interval.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { hours, storedIntervals } from "../support/hosts-time.ts";
import { type Link, startLink } from "../support/link.ts";
import { stopCommitsTo } from "../support/lock-waits.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { outcomeOf } from "../support/refusals.ts";
import { onServer } from "../support/server.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { expectInOrder } from "../support/violations.ts";
import { watchBookings } from "../support/watching.ts";
import { START_MAX_MS, waitUntil } from "../support/waits.ts";

const folder = join(tmpdir(), `slotwright-crash-${randomBytes(6).toString("hex")}`);
let postgres: Postgres;
let pools: Record<ServiceName, Pool>;
let ports: Record<ServiceName, number>;
/** On the way from Availability to Booking: here the answer of a fence is held back. */
let link: Link;
let services: Record<ServiceName, ServiceProcess>;
let clients: Clients;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  postgres = await startOwnPostgres({ folder, temporary: false });
  for (const name of serviceNames) {
    await onServer(postgres.url("postgres"), (client) => client.query(`create database ${name}`));
    await migrateDatabase(name, postgres.url(name));
  }
  pools = { availability: poolOf(postgres.url("availability")), booking: poolOf(postgres.url("booking")) };
  ports = { availability: await freePort(), booking: await freePort() };
  link = await startLink(`http://127.0.0.1:${ports.booking}`);
  const [availability, booking] = await Promise.all([start("availability"), start("booking")]);
  services = { availability, booking };
  clients = connectClients(availability.connectUrl, booking.connectUrl, tokenSource(admin));
}, 60_000);

beforeEach(async () => {
  hostId = await createHost(clients);
  guestId = await createGuest(clients);
  await openTime(clients, hostId, hours(8, 12));
});

afterEach(async () => {
  link.set("open");
  await expectInOrder({ availability: postgres.url("availability"), booking: postgres.url("booking") });
});

afterAll(async () => {
  await Promise.all(Object.values(services).map((service) => service.stop()));
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
  await link.close();
  await postgres.stop();
  await deletePostgres(folder);
}, 60_000);

function start(name: ServiceName): Promise<ServiceProcess> {
  return startProcess(name, {
    DATABASE_URL: postgres.url(name),
    CONNECT_PORT: String(ports[name]),
    BOOKING_URL: link.url,
    AVAILABILITY_URL: `http://127.0.0.1:${ports.availability}`,
  });
}

/** Kills a service, and starts it again on the same ports. */
async function crash(name: ServiceName): Promise<void> {
  await services[name].kill();
  services[name] = await start(name);
}

const timesOf = (range: Interval) => ({ startTime: timestampFromMs(range.start), endTime: timestampFromMs(range.end) });

/** "accepted", the reason of a refusal, or "failed" where the answer is lost with its connection. */
function endOf(answer: Promise<unknown>): Promise<string> {
  return outcomeOf(answer).catch(() => "failed");
}

function remove(range: Interval, requestId = randomUUID()): Promise<string> {
  return endOf(clients.availability.removeAvailability({ hostId, ...timesOf(range), requestId }));
}

function book(range: Interval): Promise<string> {
  return endOf(clients.bookings.createBooking({ hostId, guestId, ...timesOf(range) }));
}

/** The same call until it is not refused as one to be sent again. */
async function persistently(call: () => Promise<string>): Promise<string> {
  const again = new Set(["BUSY", "PEER_UNAVAILABLE", "OUTCOME_UNKNOWN", "failed"]);
  let end = await call();
  await waitUntil(async () => !again.has(end) || !again.has((end = await call())), START_MAX_MS);
  return end;
}

async function generation(): Promise<number> {
  const { rows } = await pools.booking.query<{ generation: number }>(
    "select generation::int from hosts where host_id = $1",
    [hostId],
  );
  return rows[0]?.generation ?? 0;
}

/** Begins a removal, and returns when its fence is committed in Booking and the answer on its way: how the removal ends. */
async function removalWithFence(range: Interval): Promise<{ readonly removed: Promise<string> }> {
  const before = await generation();
  link.set("answerless");
  const removed = remove(range);
  await waitUntil(async () => (await generation()) > before);
  return { removed };
}

test("Availability is killed between the fence and its commit: nothing is removed", async () => {
  const { removed } = await removalWithFence(hours(8, 12));
  await crash("availability");
  expect(await removed).toBe("failed");
  link.set("open");
  expect(await persistently(() => book(hours(8, 9)))).toBe("accepted");
  expect(await persistently(() => remove(hours(8, 12)))).toBe("AVAILABILITY_BOOKED");
  expect(await persistently(() => remove(hours(9, 12)))).toBe("accepted");
});

test("Availability hangs between the fence and its commit: others can change the host again, and nothing is removed", async () => {
  const other = await startAvailabilityService(postgres.url("availability"), {
    BOOKING_URL: services.booking.connectUrl,
  });
  const elsewhere = connectClients(other.connectUrl, services.booking.connectUrl, tokenSource(admin)).availability;
  const add = { hostId, ...timesOf(hours(14, 15)), slotDurationMinutes: 30 };
  const { removed } = await removalWithFence(hours(8, 12));
  services.availability.suspend();
  onTestFinished(() => services.availability.resume());
  link.set("open");
  expect(await endOf(elsewhere.addAvailability(add))).toBe("BUSY");
  expect(await persistently(() => endOf(elsewhere.addAvailability(add)))).toBe("accepted");
  services.availability.resume();
  expect(["BUSY", "OUTCOME_UNKNOWN", "PEER_UNAVAILABLE"]).toContain(await removed);
  expect(await storedIntervals(pools.availability, hostId)).toEqual([hours(8, 12), hours(14, 15)]);
  expect(await persistently(() => book(hours(8, 9)))).toBe("accepted");
  expect(await persistently(() => remove(hours(9, 12)))).toBe("accepted");
  await other.stop();
});

test("Availability is killed while its commit is under way: the removal is done, and nobody books its time", async () => {
  const commits = await stopCommitsTo(pools.availability, "requests");
  const requestId = randomUUID();
  const removed = remove(hours(8, 12), requestId);
  await commits.reached;
  await crash("availability");
  const booked = persistently(() => book(hours(8, 9)));
  await commits.end();
  expect(await removed).toBe("failed");
  // The ask waited for the lock of a transaction whose client is long gone.
  expect(await booked).toBe("OUTSIDE_AVAILABILITY");
  expect(await remove(hours(8, 12), requestId)).toBe("accepted");
});

test("Booking is killed after the fence's commit and before its answer: the removal is refused, and can be repeated", async () => {
  const { removed } = await removalWithFence(hours(8, 12));
  await crash("booking");
  link.set("cut");
  expect(await removed).toBe("PEER_UNAVAILABLE");
  link.set("open");
  expect(await persistently(() => book(hours(8, 9)))).toBe("accepted");
  expect(await persistently(() => remove(hours(9, 12)))).toBe("accepted");
  expect(await persistently(() => book(hours(9, 10)))).toBe("OUTSIDE_AVAILABILITY");
});

test("PostgreSQL is killed with a removal open: nothing is removed, both services go on, and so do streams", async () => {
  const watching = await watchBookings(clients.bookings, hostId);
  const { removed } = await removalWithFence(hours(8, 12));
  process.kill(postgres.pid, "SIGKILL");
  await postgres.ended;
  postgres = await startOwnPostgres({ folder, port: postgres.port, temporary: false });
  link.set("open");
  expect(["BUSY", "OUTCOME_UNKNOWN", "PEER_UNAVAILABLE"]).toContain(await removed);
  expect(await persistently(() => book(hours(8, 9)))).toBe("accepted");
  expect(await persistently(() => remove(hours(8, 12)))).toBe("AVAILABILITY_BOOKED");
  expect(await persistently(() => remove(hours(9, 12)))).toBe("accepted");
  await watching.reaches(1);
  watching.leave();
}, 60_000);

test("Booking is killed in the middle of 500 creates: when all are repeated, each is there exactly once", async () => {
  await openTime(clients, hostId, hours(24, 24 + 250));
  const requests = Array.from({ length: 500 }, (_, slot) => ({
    hostId,
    guestId,
    ...timesOf(hours(24 + slot / 2, 24 + slot / 2 + 0.5)),
    requestId: randomUUID(),
  }));
  const answered = new Map<string, string>();
  const create = async (request: (typeof requests)[number]): Promise<void> => {
    const { booking } = await clients.bookings.createBooking(request);
    const first = answered.get(request.requestId);
    expect(booking!.id).toBe(first ?? booking!.id);
    answered.set(request.requestId, booking!.id);
  };
  const burst = requests.map(create);
  const settled = Promise.allSettled(burst);
  await Promise.any(burst);
  await services.booking.kill();
  await settled;
  const beforeTheCrash = answered.size;
  services.booking = await start("booking");
  await Promise.all(requests.map(create));
  expect(beforeTheCrash).toBeLessThan(requests.length);
  expect(new Set(answered.values()).size).toBe(requests.length);
  const { rows } = await pools.booking.query(
    `select (select count(*)::int from bookings where host_id = $1) as bookings,
            (select count(*)::int from requests where host_id = $1) as requests`,
    [hostId],
  );
  expect(rows).toEqual([{ bookings: 500, requests: 500 }]);
}, 60_000);
