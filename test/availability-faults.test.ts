import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Role } from "../shared/gen/availability/v1/user_pb.ts";
import { hostLockKey } from "../shared/postgres/locks.ts";
import type { Clients } from "./support/clients.ts";
import { connectClients } from "./support/clients.ts";
import { startCuttingProxy } from "./support/cutting-proxy.ts";
import { hours, inHours, storedIntervals } from "./support/hosts-time.ts";
import { keepLog } from "./support/logs.ts";
import { somebodyWaits } from "./support/lock-waits.ts";
import { startAvailabilityService } from "./support/pair.ts";
import { createHost, openTime } from "./support/people.ts";
import { poolOf } from "./support/pool.ts";
import { createDatabase } from "./support/postgres.ts";
import type { TestDatabase } from "./support/postgres.ts";
import { outcomeOf } from "./support/refusals.ts";
import { admin, authVariables, service, tokenSource } from "./support/tokens.ts";

const NOBODY = "http://127.0.0.1:1";

let database: TestDatabase;
let pool: Pool;
/** What a test has started, to be ended in the reverse order. */
let started: (() => Promise<unknown>)[];

beforeEach(async () => {
  database = await createDatabase("availability");
  pool = poolOf(database.url);
  started = [() => database.drop(), () => pool.end()];
});

afterEach(async () => {
  for (const stop of started.toReversed()) await stop();
});

async function start(databaseUrl: string, environment: Record<string, string> = {}) {
  const served = await startAvailabilityService(databaseUrl, { BOOKING_URL: NOBODY, ...environment });
  started.push(() => served.stop());
  return {
    ...connectClients(served.connectUrl, NOBODY, tokenSource(admin)),
    // Nobody but Booking may ask for snapshots.
    asBooking: connectClients(served.connectUrl, NOBODY, tokenSource(service("booking"))).availability,
  };
}

/** Opens 8 to 10. */
async function addWithRequestId(clients: Pick<Clients, "availability">, hostId: string): Promise<unknown> {
  const during = hours(8, 10);
  const range = { startTime: timestampFromMs(during.start), endTime: timestampFromMs(during.end) };
  return clients.availability.addAvailability({ hostId, ...range, slotDurationMinutes: 30, requestId: randomUUID() });
}

describe("a connection that is lost during the commit", () => {
  test("of an addition that was committed: the caller gets the answer", async () => {
    const proxy = await startCuttingProxy(database.url);
    started.push(() => proxy.close());
    const clients = await start(proxy.url);
    const hostId = await createHost(clients);
    proxy.cutNextCommit("after");
    expect(await outcomeOf(addWithRequestId(clients, hostId))).toBe("accepted");
    expect(inHours(await storedIntervals(pool, hostId))).toBe("8-10");
  });

  test("of an addition that was not: the caller is told that nothing was changed", async () => {
    const proxy = await startCuttingProxy(database.url);
    started.push(() => proxy.close());
    const clients = await start(proxy.url);
    const hostId = await createHost(clients);
    proxy.cutNextCommit("before");
    expect(await outcomeOf(addWithRequestId(clients, hostId))).toBe("BUSY");
    expect(await storedIntervals(pool, hostId)).toEqual([]);
  });

  test("of an addition without a request_id: the caller is told that nobody knows", async () => {
    const proxy = await startCuttingProxy(database.url);
    started.push(() => proxy.close());
    const clients = await start(proxy.url);
    const hostId = await createHost(clients);
    proxy.cutNextCommit("after");
    expect(await outcomeOf(openTime(clients, hostId, hours(8, 10)))).toBe("OUTCOME_UNKNOWN");
  });
});

describe("a connection that is lost while a user is created", () => {
  const user = { email: "ada@example.com", displayName: "Ada", role: Role.USER };
  const stored = async (): Promise<number | null> => (await pool.query("select from users")).rowCount;

  test.each([
    ["before the commit arrives: sent again, the call creates the user", "before", 0, "accepted"],
    ["after it has: sent again, the call says that the user is there", "after", 1, "EMAIL_TAKEN"],
  ] as const)("%s", async (_what, when, storedThen, outcomeAgain) => {
    const proxy = await startCuttingProxy(database.url);
    started.push(() => proxy.close());
    const { users } = await start(proxy.url);
    proxy.cutNextCommit(when);
    expect(await outcomeOf(users.createUser(user))).toBe("OUTCOME_UNKNOWN");
    expect(proxy.cuts()).toBe(1);
    expect(await stored()).toBe(storedThen);
    expect(await outcomeOf(users.createUser(user))).toBe(outcomeAgain);
    expect(await stored()).toBe(1);
  });

  test("before there was a commit: nothing was changed, and the caller is told so", async () => {
    const { users } = await start(database.url);
    const rival = await pool.connect();
    await rival.query("begin");
    await rival.query(
      "insert into users (id, email, display_name, role) values (gen_random_uuid(), $1, 'Ada', 'USER')",
      [user.email],
    );
    // It waits for the rival: whose address it is depends on how that ends.
    const created = outcomeOf(users.createUser(user));
    const cut = async (): Promise<void> => {
      const { rowCount } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into users%'`,
      );
      expect(rowCount).toBe(1);
    };
    await vi.waitFor(cut);
    expect(await created).toBe("BUSY");
    await rival.query("rollback");
    rival.release();
    expect(await stored()).toBe(0);
  });
});

test("removals that wait for a Booking that never answers stop nobody else, and end", async () => {
  const silent = createServer();
  const sockets: Socket[] = [];
  silent.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((listening) => silent.listen(0, "127.0.0.1", listening));
  started.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => silent.close(closed));
  });
  const bookingUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const clients = await start(database.url, { BOOKING_URL: bookingUrl, DATABASE_POOL_SIZE: "4" });
  const hosts = await Promise.all(Array.from({ length: 8 }, () => createHost(clients)));
  for (const hostId of hosts) {
    await pool.query(
      `insert into availability (id, host_id, during, slot_duration_minutes)
       values (gen_random_uuid(), $1, tstzrange($2, $3), 30)`,
      [hostId, new Date(hours(8, 10).start), new Date(hours(8, 10).end)],
    );
  }
  const window = { startTime: timestampFromMs(hours(8, 9).start), endTime: timestampFromMs(hours(8, 9).end) };
  const none = { startTime: timestampFromMs(hours(20, 21).start), endTime: timestampFromMs(hours(20, 21).end) };
  const answered = { hostId: hosts[0]!, ...none, requestId: randomUUID() };
  const answer = await clients.availability.removeAvailability(answered);
  const removals = hosts
    .slice(1)
    .map((hostId) => outcomeOf(clients.availability.removeAvailability({ hostId, ...window })));
  const snapshots = Promise.all(
    Array.from({ length: 20 }, () => clients.asBooking.snapshotAvailability({ hostId: hosts[0]!, ...window })),
  );
  const again = clients.availability.removeAvailability(answered);
  // A removal that got no permit has not waited for Booking, and its end says nothing here.
  const endWithPermit = removals.map(async (end) =>
    (await end) === "BUSY" ? await new Promise<never>(() => {}) : end,
  );
  const first = await Promise.race([Promise.all([snapshots, again]).then(() => "the others"), ...endWithPermit]);
  expect(first).toBe("the others");
  expect(await again).toEqual(answer);
  expect(new Set(await Promise.all(removals)).difference(new Set(["PEER_UNAVAILABLE", "BUSY"]))).toEqual(new Set());
  for (const hostId of hosts) expect(inHours(await storedIntervals(pool, hostId))).toBe("8-10");
});

test("a host whose lock is held keeps nobody else's snapshots waiting, however many want to change it", async () => {
  const POOL_SIZE = 4;
  const clients = await start(database.url, { DATABASE_POOL_SIZE: String(POOL_SIZE) });
  const [held, other] = [await createHost(clients), await createHost(clients)];
  const holder = await pool.connect();
  await holder.query("select pg_advisory_lock($1)", [hostLockKey(held)]);
  const additions = Array.from({ length: 100 }, () => outcomeOf(openTime(clients, held, hours(8, 10))));
  await somebodyWaits(pool);
  const window = { startTime: timestampFromMs(hours(8, 9).start), endTime: timestampFromMs(hours(8, 9).end) };
  const snapshots = Promise.all(
    Array.from({ length: 2 * POOL_SIZE }, () => clients.asBooking.snapshotAvailability({ hostId: other, ...window })),
  );
  expect(await Promise.race([snapshots.then(() => "snapshots"), ...additions])).toBe("snapshots");
  expect(new Set(await Promise.all(additions))).toEqual(new Set(["BUSY"]));
  await holder.query("select pg_advisory_unlock($1)", [hostLockKey(held)]);
  holder.release();
  expect(await outcomeOf(openTime(clients, held, hours(8, 10)))).toBe("accepted");
});

test("a service that has stopped holds no connection any more, though nobody asked for a user", async () => {
  const served = await startAvailabilityService(database.url, { BOOKING_URL: NOBODY });
  const open = async (): Promise<number | null> =>
    (
      await pool.query(
        `select from pg_stat_activity
         where datname = current_database() and application_name = 'slotwright-availability'`,
      )
    ).rowCount;
  expect(await open()).toBeGreaterThan(0);
  await served.stop();
  await vi.waitFor(async () => expect(await open()).toBe(0));
});

describe("the process", () => {
  const main = new URL("../services/availability/main.ts", import.meta.url);

  async function launch(environment: Record<string, string>): Promise<ChildProcess> {
    const env = { ...(await authVariables("availability")), GRPC_PORT: "0", CONNECT_PORT: "0", ...environment };
    const child = fork(main, { env, silent: true });
    keepLog(child);
    started.push(async () => child.kill("SIGKILL"));
    return child;
  }

  async function isUp(child: ChildProcess): Promise<void> {
    for await (const line of child.stdout!) if (String(line).includes('"started"')) return;
    throw new Error("the service did not start");
  }

  test("ends with 0 on SIGTERM", async () => {
    const child = await launch({ DATABASE_URL: database.url });
    await isUp(child);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("ends when its parent is gone", async () => {
    const child = await launch({ DATABASE_URL: database.url });
    await isUp(child);
    child.disconnect();
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test.each([
    ["its settings are wrong", { GRPC_PORT: "x" }, /wrong settings: DATABASE_URL is required; GRPC_PORT must be/],
    [
      "nobody is at the database's address",
      { DATABASE_URL: "postgres://a:secret@127.0.0.1:1/none" },
      /the database is out of reach: connect ECONNREFUSED/,
    ],
  ])("says in one line on stderr, and ends with 1, if %s", async (_what, environment, line) => {
    const child = await launch(environment);
    const exited = once(child, "exit") as Promise<[code: number | null]>;
    const [stderr, [code]] = await Promise.all([text(child.stderr!), exited]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(stderr).not.toContain("secret");
    expect(code).toBe(1);
  });

  test("says so if the database is not migrated", async () => {
    const empty = await createDatabase("empty");
    started.push(() => empty.drop());
    const child = await launch({ DATABASE_URL: empty.url });
    expect(await text(child.stderr!)).toBe(
      "availability cannot start: the database lacks 0001-availability: run `npm run migrate` first\n",
    );
  });
});
