import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { changeHost } from "../../services/availability/storage/change-host.ts";
import { turnLimits } from "../../services/availability/storage/lock-wait.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { peerUnavailable } from "../../shared/rpc/client.ts";
import { createTurns } from "../../shared/turns.ts";
import { answerAsGiven } from "../support/host-requests.ts";
import { connectClients } from "../support/clients.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { hours, inHours, storedIntervals, storeOpenings } from "../support/hosts-time.ts";
import { keepLog } from "../support/logs.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import type { AvailabilityHooks } from "../../services/availability/service.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { outcomeOf } from "../support/refusals.ts";
import { pause } from "../support/steps.ts";
import { admin, authVariables, service, tokenSource } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

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

async function start(
  databaseUrl: string,
  environment: Record<string, string> = {},
  hooks?: Partial<AvailabilityHooks>,
) {
  const served = await startAvailabilityService(databaseUrl, { BOOKING_URL: NOBODY, ...environment }, hooks);
  started.push(() => served.stop());
  return {
    ...connectClients(served.connectUrl, NOBODY, tokenSource(admin)),
    // Nobody but Booking may ask for snapshots.
    asBooking: connectClients(served.connectUrl, NOBODY, tokenSource(service("booking"))).availability,
  };
}

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
      "insert into users (id, email, email_key, display_name, role) values (gen_random_uuid(), $1, $1, 'Ada', 'USER')",
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
    await waitFor(cut);
    expect(await created).toBe("BUSY");
    await rival.query("rollback");
    rival.release();
    expect(await stored()).toBe(0);
  });
});

test("removals that wait for Booking stop nobody else, however many there are", async () => {
  const asked = pause();
  const peer: AvailabilityHooks["peer"] = (booking) => ({
    ...booking,
    async fenceHost() {
      await asked.step();
      throw peerUnavailable("booking", undefined);
    },
  });
  const clients = await start(database.url, { DATABASE_POOL_SIZE: "4" }, { peer });
  const hosts = await Promise.all(Array.from({ length: 8 }, () => createHost(clients)));
  for (const hostId of hosts) {
    await storeOpenings(pool, hostId, [hours(8, 10)]);
  }
  const window = { startTime: timestampFromMs(hours(8, 9).start), endTime: timestampFromMs(hours(8, 9).end) };
  const none = { startTime: timestampFromMs(hours(20, 21).start), endTime: timestampFromMs(hours(20, 21).end) };
  const answered = { hostId: hosts[0]!, ...none, requestId: randomUUID() };
  const answer = await clients.availability.removeAvailability(answered);
  // None of those that ask ends before the others are answered.
  const removals = hosts
    .slice(1)
    .map((hostId) => outcomeOf(clients.availability.removeAvailability({ hostId, ...window })));
  await asked.reached;
  const snapshots = Array.from({ length: 20 }, () =>
    outcomeOf(clients.asBooking.snapshotAvailability({ hostId: hosts[0]!, ...window })),
  );
  expect(new Set(await Promise.all(snapshots))).toEqual(new Set(["accepted"]));
  expect(await clients.availability.removeAvailability(answered)).toEqual(answer);
  asked.end();
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
  // Behind a hundred that wait with a connection each, they would get none in time.
  const snapshots = Array.from({ length: 2 * POOL_SIZE }, () =>
    outcomeOf(clients.asBooking.snapshotAvailability({ hostId: other, ...window })),
  );
  expect(new Set(await Promise.all(snapshots))).toEqual(new Set(["accepted"]));
  expect(new Set(await Promise.all(additions))).toEqual(new Set(["BUSY"]));
  await holder.query("select pg_advisory_unlock($1)", [hostLockKey(held)]);
  holder.release();
  expect(await outcomeOf(openTime(clients, held, hours(8, 10)))).toBe("accepted");
});

test("only so many changes wait for one host: more are turned away at once, and those that wait are made", async () => {
  const hostId = await createHost(await start(database.url));
  const deps = { pool, turns: createTurns({ ...turnLimits, waitingMax: 1 }) };
  const write = { hostId, key: undefined, response: answerAsGiven };
  const caller = { signal: new AbortController().signal, deadline: Infinity };
  const [first, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const changing = changeHost(
    deps,
    write,
    caller,
    async () => (begun.resolve(), await first.promise, { removedCount: 1 }),
  );
  await begun.promise;
  const waiting = changeHost(deps, write, caller, async () => ({ removedCount: 2 }));
  await expect(changeHost(deps, write, caller, async () => ({}))).rejects.toMatchObject({ reason: "OVERLOADED" });
  first.resolve();
  expect((await Promise.all([changing, waiting])).map(({ removedCount }) => removedCount)).toEqual([1, 2]);
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
  await waitFor(async () => expect(await open()).toBe(0));
});

describe("the process", () => {
  const main = new URL("../../services/availability/main.ts", import.meta.url);

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
