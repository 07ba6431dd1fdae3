/** A server that takes no writes is out of reach: a standby, a primary that was demoted, one that its operator has closed. */

import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deletePostgres, type Postgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { type ServiceName, serviceNames } from "../../services/ops/services.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "../../shared/gen/health/v1/health_pb.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { hours } from "../support/hosts-time.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { type Pair, startAvailabilityService, startBookingService, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { onServer } from "../support/server.ts";
import { service, tokenSource } from "../support/tokens.ts";
import { violationsIn } from "../support/violations.ts";
import { watchBookings } from "../support/watching.ts";

const folder = join(tmpdir(), `slotwright-read-only-${randomBytes(6).toString("hex")}`);
const databases = () => ({ availability: postgres.url("availability"), booking: postgres.url("booking") });
let postgres: Postgres;
let pair: Pair;
let hostId: string;
let guestId: string;
let bookingId: string;

beforeAll(async () => {
  postgres = await startOwnPostgres({ folder, temporary: false });
  for (const name of serviceNames) {
    await onServer(postgres.url("postgres"), (client) => client.query(`create database ${name}`));
    await migrateDatabase(name, postgres.url(name));
  }
  pair = await startPair({ databases: databases() });
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, hours(8, 12));
  const answer = await pair.clients.bookings.createBooking({ hostId, guestId, ...timesOf(8, 9) });
  bookingId = answer.booking!.id;
}, 60_000);

afterAll(async () => {
  await pair.stop();
  await postgres.stop();
  await deletePostgres(folder);
}, 60_000);

const timesOf = (from: number, to: number) => {
  const { start, end } = hours(from, to);
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
};

async function health(): Promise<Serving[]> {
  const ask = async (baseUrl: string): Promise<Serving> =>
    (await createClient(Health, createConnectTransport({ baseUrl, httpVersion: "1.1" })).check({})).status;
  return Promise.all([pair.availability.connectUrl, pair.booking.connectUrl].map(ask));
}

/** Every call that asks for, or changes, what is stored, by what it does there. */
function calls() {
  const { users, availability, bookings } = pair.clients;
  const as = (name: ServiceName): Clients =>
    connectClients(pair.availability.connectUrl, pair.booking.connectUrl, tokenSource(service(name)));
  const requestId = randomUUID();
  const window = timesOf(0, 24);
  const add = { hostId, ...timesOf(14, 15), slotDurationMinutes: 30 };
  return {
    reads: {
      getUser: () => users.getUser({ userId: hostId }),
      listUsers: () => users.listUsers({}),
      listAvailability: () => availability.listAvailability({ hostId, ...window }),
      snapshot: () => as("booking").availability.snapshotAvailability({ hostId, ...window, generation: 0n }),
      listOpenSlots: () => bookings.listOpenSlots({ hostId, ...window }),
      getBooking: () => bookings.getBooking({ bookingId }),
      listBookings: () => bookings.listBookings({ hostId }),
      watch: async () => {
        const watching = await watchBookings(bookings, hostId, 0);
        watching.leave();
      },
    },
    writes: {
      createUser: () => users.createUser({ email: `${randomUUID()}@example.com`, displayName: "N", role: Role.USER }),
      add: () => availability.addAvailability(add),
      addOnce: () => availability.addAvailability({ ...add, requestId }),
      remove: () => availability.removeAvailability({ hostId, ...timesOf(11, 12) }),
      removeOnce: () => availability.removeAvailability({ hostId, ...timesOf(11, 12), requestId }),
      create: () => bookings.createBooking({ hostId, guestId, ...timesOf(9, 10) }),
      createOnce: () => bookings.createBooking({ hostId, guestId, ...timesOf(9, 10), requestId: randomUUID() }),
      cancel: () => bookings.cancelBooking({ bookingId }),
      reschedule: () => bookings.rescheduleBooking({ bookingId, ...timesOf(10, 11) }),
      fence: () => as("availability").fence.fenceHost({ hostId }),
    },
  };
}

/** How each call ends, by its name. */
async function endsOf(all: Record<string, () => Promise<unknown>>): Promise<Record<string, string>> {
  const ends: Record<string, string> = {};
  for (const [name, call] of Object.entries(all)) {
    ends[name] = await outcomeOf(call()).catch(String);
  }
  return ends;
}

function expectUnreachable(ends: Record<string, string>): void {
  const wrong = Object.entries(ends).filter(([, end]) => end !== "BUSY" && end !== "PEER_UNAVAILABLE");
  expect(wrong).toEqual([]);
}

type Counts = Record<string, string>;

async function stored(): Promise<Counts[]> {
  const counts = await onServer(postgres.url("booking"), (client) =>
    client.query<Counts>("select (select count(*) from booking_events), (select count(*) from requests)"),
  );
  const others = await onServer(postgres.url("availability"), (client) =>
    client.query<Counts>(
      "select (select count(*) from users), (select count(*) from openings), (select count(*) from requests)",
    ),
  );
  return [...counts.rows, ...others.rows];
}

describe("a primary that is demoted", () => {
  let before: Counts[];

  beforeAll(async () => {
    before = await stored();
    await postgres.stop();
    // A standby that hears nothing new.
    await writeFile(join(folder, "standby.signal"), "");
    postgres = await startOwnPostgres({ folder, port: postgres.port, temporary: false });
  }, 60_000);

  test("is out of reach for every call, and nothing is read there or stored", async () => {
    await isServing(false);
    const { reads, writes } = calls();
    expectUnreachable(await endsOf({ ...reads, ...writes }));
    expect(await stored()).toEqual(before);
  });

  test("lets neither service start, nor an audit or a migration pass, and that is said in one line", async () => {
    const readOnly = "the server takes no writes: it is a standby, or was made read-only";
    for (const name of serviceNames) {
      const start = name === "booking" ? startBookingService : startAvailabilityService;
      const refusal = await start(postgres.url(name)).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ message: "the database is out of reach", cause: { message: readOnly } });
      await expect(migrateDatabase(name, postgres.url(name))).rejects.toThrow(readOnly);
    }
    await expect(violationsIn(databases())).rejects.toThrow("the server is a standby");
  });

  test("is used again as soon as it is promoted", async () => {
    await onServer(postgres.url("postgres"), (client) => client.query("select pg_promote()"));
    await isServing(true);
    const { reads, writes } = calls();
    const ends = await endsOf({ ...reads, createUser: writes.createUser, fence: writes.fence });
    expect(new Set(Object.values(ends))).toEqual(new Set(["accepted"]));
  });
});

test("a server that its operator has closed takes nothing over connections that were open, and is left until it is open", async () => {
  const set = (value: string): Promise<unknown> =>
    onServer(postgres.url("postgres"), async (client) => {
      await client.query(`alter system set default_transaction_read_only = ${value}`);
      await client.query("select pg_reload_conf()");
    });
  await isServing(true);
  const before = await stored();
  await set("on");
  // Every server process that serves a connection has heard of it when its next statement is run.
  await isServing(false);
  expectUnreachable(await endsOf(calls().writes));
  expect(await stored()).toEqual(before);
  await set("off");
  await isServing(true);
  expect(await endsOf({ cancel: calls().writes.cancel })).toEqual({ cancel: "accepted" });
  expect(await violationsIn(databases())).toEqual([]);
});

async function isServing(serving: boolean): Promise<void> {
  const state = serving ? Serving.SERVING : Serving.NOT_SERVING;
  await vi.waitFor(async () => expect(await health()).toEqual([state, state]), { timeout: 20_000, interval: 50 });
}
