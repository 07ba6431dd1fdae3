/** Either database was restored to an earlier time: the services agree on users again, or say whom they cannot agree on. */

import { readFileSync } from "node:fs";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { fencingClients } from "../support/fencing-clients.ts";
import { keepLines } from "../support/kept-log.ts";
import { type Pair, type Served, startAvailabilityService, startPair } from "../support/pair.ts";
import { createGuest } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { violationsIn } from "../support/violations.ts";
import { waitUntil } from "../support/waits.ts";

const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
const kept = keepLines("availability");
let pair: Pair;
/** Another replica, whose log is read. */
let replica: Served;
let users: Clients["users"];
let availability: Pool;
let booking: Pool;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  replica = await startAvailabilityService(
    pair.availability.databaseUrl,
    { BOOKING_URL: pair.booking.connectUrl },
    undefined,
    kept.log,
  );
  ({ users } = connectClients(replica.connectUrl, pair.booking.connectUrl, tokenSource(admin)));
  [availability, booking] = [poolOf(pair.availability.databaseUrl), poolOf(pair.booking.databaseUrl)];
});
beforeEach(async () => {
  guestId = await createGuest(pair.clients);
});
afterAll(async () => {
  await Promise.all([availability.end(), booking.end()]);
  await replica.stop();
  await pair.stop();
});

/** What Booking was told by a database that has forgotten it. */
async function toldBefore(state: UserState, version: number): Promise<void> {
  await fencingClients(pair).fence.fenceUser({ userId: guestId, state, version: BigInt(version) });
}

/** State and version in both, and up to which version Booking has done its part. */
async function stored(): Promise<unknown> {
  const here = await availability.query<{ state: string; version: number; told: number }>(
    "select state, version, told_version as told from users where id = $1",
    [guestId],
  );
  const there = await booking.query<{ state: string; version: number }>(
    "select state, version::int from users where user_id = $1",
    [guestId],
  );
  return { here: here.rows[0], there: there.rows[0] };
}

async function isTold(): Promise<boolean> {
  const { rowCount } = await availability.query("select from users where id = $1 and told_version = version", [
    guestId,
  ]);
  return rowCount === 1;
}

async function found(): Promise<string[]> {
  const urls = { availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl };
  return (await violationsIn(urls)).filter((line) => line.includes(guestId));
}

/** Runs the page's statement for users of Availability that begins so, with the test's user where it names one. */
async function runFromPage(beginning: string): Promise<void> {
  const statement = page.split("\n").find((line) => line.startsWith(beginning)) ?? "";
  await availability.query(statement.replace(/'[^']*'/, `'${guestId}'`));
}

const warnings = (): number => kept.lines.filter(({ level, userId }) => level === 40 && userId === guestId).length;

describe("where Booking has been told more than Availability knows", () => {
  test.each<[what: string, state: UserState, version: number]>([
    ["another state, later", UserState.ACTIVE, 40],
    ["another state of the same version", UserState.ACTIVE, 2],
    ["the same state, later", UserState.DEACTIVATED, 40],
  ])("%s: a change is complete once it is above that", async (_, state, version) => {
    await toldBefore(state, version);
    await users.deactivateUser({ userId: guestId });
    await waitUntil(isTold);
    const now = { state: "DEACTIVATED", version: version + 1 };
    expect(await stored()).toEqual({ here: { ...now, told: now.version }, there: now });
    expect((await users.deactivateUser({ userId: guestId })).complete).toBe(true);
    expect(await found()).toEqual([]);
  });

  test("a state that Availability no longer knows is named, and the page's statement ends it", async () => {
    await toldBefore(UserState.DEACTIVATED, 7);
    expect(await found()).toEqual([`USER_STATE: user ${guestId} is ACTIVE, and DEACTIVATED in Booking`]);
    await runFromPage("update users set version = version + 1");
    await waitUntil(isTold);
    const now = { state: "ACTIVE", version: 8 };
    expect(await stored()).toEqual({ here: { ...now, told: 8 }, there: now });
    expect(await found()).toEqual([]);
  });

  test("who is erased there stays so, is named in audit and log, and is in order when erased again", async () => {
    await toldBefore(UserState.ERASED, 7);
    expect(await found()).toEqual([`USER_STATE: user ${guestId} is ACTIVE, and ERASED in Booking`]);
    expect((await users.deactivateUser({ userId: guestId })).complete).toBe(false);
    // Once by the call, once by the loop, and no more.
    await waitUntil(() => warnings() === 2);
    expect(await stored()).toMatchObject({ here: { version: 2, told: 1 }, there: { state: "ERASED", version: 7 } });
    await users.eraseUser({ userId: guestId });
    await waitUntil(isTold);
    const now = { state: "ERASED", version: 8 };
    expect(await stored()).toEqual({ here: { ...now, told: 8 }, there: now });
    expect([await found(), warnings()]).toEqual([[], 2]);
  });

  test("a user whom Availability does not have is named", async () => {
    await toldBefore(UserState.DEACTIVATED, 2);
    await availability.query("delete from users where id = $1", [guestId]);
    expect(await found()).toEqual([`USER_STATE: user ${guestId} is UNKNOWN, and DEACTIVATED in Booking`]);
  });
});

test("where Booking has forgotten a user, it is told once more by the page's statement", async () => {
  expect((await users.eraseUser({ userId: guestId })).complete).toBe(true);
  await booking.query("delete from users where user_id = $1", [guestId]);
  expect(await found()).toEqual([`USER_STATE: user ${guestId} is ERASED, and ACTIVE in Booking`]);
  await runFromPage("update users set told_version = 1");
  await waitUntil(isTold);
  expect(await stored()).toMatchObject({ there: { state: "ERASED", version: 2 } });
  expect(await found()).toEqual([]);
});
