/** What the bench runs on: a PostgreSQL on fresh data, the services, the floors, the load generator. */

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { startChild, waitUntilServing } from "../../services/dev/children.ts";
import { type DevKeys, provideKeys } from "../../services/dev/keys.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import { startPostgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import type { ServiceName } from "../../services/ops/services.ts";
import { DAY_MS } from "../../shared/time-units.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { storeBookings } from "../support/stored-bookings.ts";
import { startCollector } from "./collector.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { makePeople, type World } from "./people.ts";
import { slotOf } from "./slots.ts";
import { startWorker, type Worker } from "./worker.ts";

/**
 * At the default of production, `info`, each call writes a line, into the table. Nor are warnings wanted: transactions.ts
 * ends connections.
 */
export const LOG_LEVEL = "error";

/** As anybody sets it who stores a million bookings, or their pages would be read from outside time and again. For all rows. */
const SETTINGS = { shared_buffers: "1GB" };

/** All calls are of one caller: it is counted like any, and never stopped. */
const RATE_LIMITS = { RATE_LIMIT_READS_PER_SECOND: "1000000", RATE_LIMIT_WRITES_PER_SECOND: "1000000" };

/** Booking asks for stretches of 92 days: the open days are in one. */
const ASKED_MS = 92 * DAY_MS;

const TOKEN_LIFETIME_SECONDS = DAY_MS / 1000;

export interface Service {
  readonly pid: number;
  readonly databaseUrl: string;
  /** `host:port` */
  readonly grpc: string;
  readonly connect: string;
}

export interface Stage {
  readonly postgresPid: number;
  readonly availability: Service;
  readonly booking: Service;
  readonly gateway: Gateway;
  /** A Booking of its own, with a million bookings stored. */
  readonly crowded: Service | undefined;
  /** An administrator's, good for as long as any run takes. */
  readonly token: string;
  readonly clients: Clients;
  readonly world: World;
  readonly load: Worker;
  /** Where the floor of the create rows writes: a database like Booking's. */
  readonly floorUrl: string;
  readonly createFloor: Worker;
  readonly listFloor: Worker;
  readonly echoFloor: Worker;
  /** Derives open time. */
  readonly derive: Worker;
}

/** Builds the stage. `scope` takes it down again. `stored`: bookings of the crowded Booking; 0: there is none. */
export async function setStage(scope: AsyncDisposableStack, stored: number, hasTelemetry: boolean): Promise<Stage> {
  const folder = join(tmpdir(), `slotwright-bench-${randomBytes(6).toString("hex")}`);
  // Durable as PostgreSQL comes: every commit is on the disk before it is answered.
  const postgres = await startPostgres({ folder, port: 0, settings: SETTINGS, temporary: true });
  scope.defer(() => postgres.stop());
  const databaseFor = async (service: ServiceName, name: string): Promise<string> => {
    await onDatabase(postgres.url("postgres"), (client) => client.query(`create database ${name}`));
    await migrateDatabase(service, postgres.url(name));
    return postgres.url(name);
  };
  const keys = await makeKeys(scope);
  const token = await keys.sign({ role: "ADMIN", subject: "bench", lifetimeSeconds: TOKEN_LIFETIME_SECONDS });
  const availabilityPort = await freePort();
  const bookingPort = await freePort();
  const urls = {
    AVAILABILITY_URL: `http://127.0.0.1:${availabilityPort}`,
    BOOKING_URL: `http://127.0.0.1:${bookingPort}`,
    ...(hasTelemetry ? { OTEL_EXPORTER_OTLP_ENDPOINT: await startCollector(scope) } : {}),
  };
  const start = async (service: ServiceName, database: string, connectPort: number): Promise<Service> => {
    const databaseUrl = await databaseFor(service, database);
    return startService(scope, service, databaseUrl, connectPort, { ...urls, ...keys.variablesOf(service) });
  };
  const availability = await start("availability", "availability", availabilityPort);
  const booking = await start("booking", "booking", bookingPort);
  const gateway = await startGateway(scope, { ...urls, LOG_LEVEL });
  const clients = connectClients(`http://${availability.connect}`, `http://${booking.connect}`, async () => token);
  const world = await makePeople(clients, (Math.floor(Date.now() / ASKED_MS) + 1) * ASKED_MS);
  const crowded = stored === 0 ? undefined : await start("booking", "crowded", await freePort());
  if (crowded !== undefined) await crowd(crowded.databaseUrl, world, stored);
  const floorUrl = await databaseFor("booking", "floor");
  await prepareFloor(floorUrl, world);
  const worker = (program: string): Worker => {
    const started = startWorker(program);
    scope.defer(() => started.stop());
    return started;
  };
  return {
    postgresPid: postgres.pid,
    availability,
    booking,
    gateway,
    crowded,
    token,
    clients,
    world,
    load: worker("load.ts"),
    floorUrl,
    createFloor: worker("floor-create.ts"),
    listFloor: worker("floor-list.ts"),
    echoFloor: worker("floor-echo.ts"),
    derive: worker("derive.ts"),
  };
}

/** Keys that both services accept. */
async function makeKeys(scope: AsyncDisposableStack): Promise<DevKeys> {
  const folder = await mkdtemp(join(tmpdir(), "slotwright-bench-keys-"));
  scope.defer(() => rm(folder, { recursive: true }));
  return provideKeys(folder);
}

export async function onDatabase<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function startService(
  scope: AsyncDisposableStack,
  name: ServiceName,
  databaseUrl: string,
  connectPort: number,
  variables: Readonly<Record<string, string>>,
): Promise<Service> {
  const grpcPort = await freePort();
  const child = startChild(name, {
    ...process.env,
    ...variables,
    ...RATE_LIMITS,
    DATABASE_URL: databaseUrl,
    GRPC_PORT: String(grpcPort),
    CONNECT_PORT: String(connectPort),
    LOG_LEVEL,
  });
  scope.defer(() => child.stop());
  await waitUntilServing(child, `http://127.0.0.1:${grpcPort}`, AbortSignal.timeout(30_000));
  return { pid: child.pid ?? 0, databaseUrl, grpc: `127.0.0.1:${grpcPort}`, connect: `127.0.0.1:${connectPort}` };
}

/** Fills the days that no call asks for. */
async function crowd(url: string, world: World, count: number): Promise<void> {
  const { hostIds, guestIds, day } = world.spread;
  const bookings = Array.from({ length: count }, (_, number) => ({
    hostId: hostIds[number % hostIds.length] as string,
    guestId: guestIds[number % guestIds.length] as string,
    during: slotOf(day, Math.floor(number / hostIds.length), 0),
  }));
  await onDatabase(url, async (client) => {
    await storeBookings(client, bookings, "kept");
    // Now, or autovacuum would do it in the middle of a run.
    await client.query("vacuum");
    await client.query("checkpoint");
  });
}

/** The floor compares a generation that is there. */
async function prepareFloor(url: string, world: World): Promise<void> {
  const hostIds = [world.spread, world.hot, world.fought, world.classes].flatMap((people) => people.hostIds);
  await onDatabase(url, async (client) => {
    await client.query("insert into hosts (host_id) select unnest($1::uuid[])", [hostIds]);
    await client.query("vacuum analyze");
  });
}
