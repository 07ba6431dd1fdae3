/** A pair of processes on a PostgreSQL of its own, all of which a test may kill. */

import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { deletePostgres, type Postgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { type ServiceName, serviceNames } from "../../services/ops/services.ts";
import type { Interval } from "../../shared/interval.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { type Link, startLink } from "../support/link.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { createGuest, createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { type ServiceProcess, startProcess } from "../support/processes.ts";
import { outcomeOf } from "../support/refusals.ts";
import { onServer } from "../support/server.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { expectInOrder } from "../support/violations.ts";
import { START_MAX_MS, waitUntil } from "../support/waits.ts";
import { timesOf } from "../support/times.ts";

export interface CrashStage {
  readonly pools: Record<ServiceName, Pool>;
  readonly services: Record<ServiceName, ServiceProcess>;
  readonly clients: Clients;
  /** On the way from Availability to Booking: here the answer of a fence is held back. */
  readonly link: Link;
  readonly databaseUrls: Record<ServiceName, string>;
  /** Those of the test at hand. */
  readonly hostId: string;
  readonly guestId: string;
  /** Kills a service, and starts it again on the same ports. */
  crash(name: ServiceName): Promise<void>;
  /** Kills a service, and returns what starts it again. */
  kill(name: ServiceName): Promise<() => Promise<void>>;
  /** Kills PostgreSQL, and starts it again on the same port. */
  crashPostgres(): Promise<void>;
  book(range: Interval): Promise<string>;
  /** Begins a change, and returns when its first fence is committed in Booking and the answer on its way: how the change ends. */
  withFence(change: () => Promise<string>): Promise<{ readonly ended: Promise<string> }>;
}

/** "accepted", the reason of a refusal, or "failed" where the answer is lost with its connection. */
export function endOf(answer: Promise<unknown>): Promise<string> {
  return outcomeOf(answer).catch(() => "failed");
}

/** The same call until it is not refused as one to be sent again. */
export async function persistently(call: () => Promise<string>): Promise<string> {
  const again = new Set(["BUSY", "PEER_UNAVAILABLE", "OUTCOME_UNKNOWN", "failed"]);
  let end = await call();
  await waitUntil(async () => !again.has(end) || !again.has((end = await call())), START_MAX_MS);
  return end;
}

/** For a file of tests. After each, what is stored must be in order. */
export function crashStage(): CrashStage {
  const folder = join(tmpdir(), `slotwright-crash-${randomBytes(6).toString("hex")}`);
  let postgres: Postgres;
  let pools: Record<ServiceName, Pool>;
  let ports: Record<ServiceName, number>;
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
  });

  afterEach(async () => {
    link.set("open");
    await expectInOrder(databaseUrls());
  });

  afterAll(async () => {
    await Promise.all(Object.values(services).map((service) => service.stop()));
    await Promise.all(Object.values(pools).map((pool) => pool.end()));
    await link.close();
    await postgres.stop();
    await deletePostgres(folder);
  }, 60_000);

  function databaseUrls(): Record<ServiceName, string> {
    return { availability: postgres.url("availability"), booking: postgres.url("booking") };
  }

  function start(name: ServiceName): Promise<ServiceProcess> {
    return startProcess(name, {
      DATABASE_URL: postgres.url(name),
      CONNECT_PORT: String(ports[name]),
      BOOKING_URL: link.url,
      AVAILABILITY_URL: `http://127.0.0.1:${ports.availability}`,
    });
  }

  async function kill(name: ServiceName): Promise<() => Promise<void>> {
    await services[name].kill();
    return async () => {
      services[name] = await start(name);
    };
  }

  async function generation(): Promise<number> {
    const { rows } = await pools.booking.query<{ generation: number }>(
      "select generation::int from hosts where host_id = $1",
      [hostId],
    );
    return rows[0]?.generation ?? 0;
  }

  return {
    get pools() {
      return pools;
    },
    get services() {
      return services;
    },
    get clients() {
      return clients;
    },
    get link() {
      return link;
    },
    get databaseUrls() {
      return databaseUrls();
    },
    get hostId() {
      return hostId;
    },
    get guestId() {
      return guestId;
    },
    kill,
    async crash(name) {
      const startAgain = await kill(name);
      await startAgain();
    },
    async crashPostgres() {
      process.kill(postgres.pid, "SIGKILL");
      await postgres.ended;
      postgres = await startOwnPostgres({ folder, port: postgres.port, temporary: false });
    },
    book: (range) => endOf(clients.bookings.createBooking({ hostId, guestId, ...timesOf(range) })),
    async withFence(change) {
      const before = await generation();
      link.set("answerless");
      const ended = change();
      await waitUntil(async () => (await generation()) > before);
      return { ended };
    },
  };
}
