/** Booking is told of users until it has done its part, whatever comes between. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { availabilityConfig } from "../../services/availability/config.ts";
import type { BookingPeer } from "../../services/availability/peers/booking.ts";
import { LATE_AFTER_MS } from "../../services/availability/scheduling/tell-booking.ts";
import { startAvailability } from "../../services/availability/service.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import { hours } from "../support/hosts-time.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Pair, startAvailabilityService, startPair, variables } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { pause } from "../support/steps.ts";
import { waitUntil } from "../support/waits.ts";

let pair: Pair;
let link: Link;
let pool: Pool;
let hostId: string;
let guestId: string;
/** Stands in front of each call of Availability, if a test sets it. */
let fenceUser: BookingPeer["fenceUser"] | undefined;
let peer: BookingPeer;
const unfinished: BookingPeer["fenceUser"] = async (_, { state, version }) => ({ state, version, isComplete: false });
const ended: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const port = await freePort();
  link = await startLink(`http://127.0.0.1:${port}`);
  pair = await startPair({
    availability: { BOOKING_URL: link.url },
    booking: { CONNECT_PORT: String(port) },
    hooks: {
      availability: {
        peer(booking) {
          peer = booking;
          return { ...booking, fenceUser: (...call) => (fenceUser ?? booking.fenceUser)(...call) };
        },
      },
    },
  });
  pool = poolOf(pair.availability.databaseUrl);
});
afterAll(async () => {
  await pool.end();
  await pair.stop();
  await link.close();
});

beforeEach(async () => {
  [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  await openTime(pair.clients, hostId, hours(8, 12));
});
afterEach(async () => {
  fenceUser = undefined;
  link.set("open");
  for (const end of ended.splice(0).toReversed()) await end();
});

const deactivate = () => pair.clients.users.deactivateUser({ userId: hostId });
const reactivate = () => pair.clients.users.reactivateUser({ userId: hostId });

/** Another booking of the host by the guest, or why there is none. */
async function book(): Promise<string> {
  const { start, end } = hours(8, 8.5);
  const [startTime, endTime] = [timestampFromMs(start), timestampFromMs(end)];
  const created = pair.clients.bookings.createBooking({ hostId, guestId, startTime, endTime });
  const outcome = await outcomeOf(created);
  if (outcome === "accepted") await pair.clients.bookings.cancelBooking({ bookingId: (await created).booking!.id });
  return outcome;
}

async function versions(userId = hostId) {
  const { rows } = await pool.query<{ version: number; told: number }>(
    "select version, told_version as told from users where id = $1",
    [userId],
  );
  return rows[0]!;
}

async function isTold(userId = hostId): Promise<boolean> {
  const { version, told } = await versions(userId);
  return told === version;
}

test("a change is complete at once where Booking answers", async () => {
  expect(await book()).toBe("accepted");
  expect((await deactivate()).complete).toBe(true);
  expect(await versions()).toEqual({ version: 2, told: 2 });
  expect(await book()).toBe("HOST_DEACTIVATED");
  expect((await reactivate()).complete).toBe(true);
  expect(await book()).toBe("accepted");
});

test.each(["cut", "answerless"] as const)("Booking is told again until it has answered (%s)", async (state) => {
  link.set(state);
  expect((await deactivate()).complete).toBe(false);
  expect(await versions()).toEqual({ version: 2, told: 1 });
  link.set("open");
  await waitUntil(() => isTold());
  expect((await deactivate()).complete).toBe(true);
  expect(await book()).toBe("HOST_DEACTIVATED");
});

test("Booking is told by another process where the first one has ended before it was", async () => {
  // The first process never gets through.
  fenceUser = unfinished;
  expect((await deactivate()).complete).toBe(false);
  const next = await startAvailabilityService(pair.availability.databaseUrl, { BOOKING_URL: pair.booking.connectUrl });
  ended.push(next.stop);
  await waitUntil(() => isTold());
  expect(await book()).toBe("HOST_DEACTIVATED");
});

test("calls that come late change nothing", async () => {
  const held = pause();
  fenceUser = async (userId, user, limits) => {
    if (userId === hostId && user.version === 2) await held.step();
    return await peer.fenceUser(userId, user, { ...limits, signal: new AbortController().signal });
  };
  const deactivated = deactivate();
  await held.reached;
  expect((await reactivate()).complete).toBe(true);
  expect(await versions()).toEqual({ version: 3, told: 3 });
  held.end();
  expect((await deactivated).user?.etag).toBe('"2"');
  expect(await versions()).toEqual({ version: 3, told: 3 });
  expect(await book()).toBe("accepted");
});

test("an answer to an earlier version does not stand for a later one", async () => {
  const held = pause();
  fenceUser = async (userId, user, limits) => {
    if (userId === hostId && user.version > 2) return await unfinished(userId, user, limits);
    const stored = await peer.fenceUser(userId, user, limits);
    if (userId === hostId) await held.step();
    return stored;
  };
  const deactivated = deactivate();
  await held.reached;
  expect((await reactivate()).complete).toBe(false);
  held.end();
  await deactivated;
  expect(await versions()).toEqual({ version: 3, told: 2 });
  fenceUser = undefined;
  await waitUntil(() => isTold());
  expect(await book()).toBe("accepted");
});

/** Users of whom Booking is to be told. Their ids come before all others. */
async function storeWaiting(count: number): Promise<readonly string[]> {
  const ids = Array.from(
    { length: count },
    (_, n) => `00000000-0000-4000-8000-${randomUUID().slice(24, 32)}${1000 + n}`,
  );
  await pool.query(
    `insert into users (id, email, email_key, display_name, role, version)
     select id, id || '@example.com', id || '@example.com', 'Slow', 'USER', 2 from unnest($1::uuid[]) as id`,
    [ids],
  );
  ended.push(() => pool.query("delete from users where id = any ($1)", [ids]));
  return ids;
}

test("a user of whom Booking says nothing keeps no other waiting", async () => {
  fenceUser = unfinished;
  const [silent] = await storeWaiting(1);
  await deactivate();
  const held = pause();
  ended.push(async () => held.end());
  fenceUser = async (userId, user, limits) => {
    if (userId === silent) await held.step();
    return await peer.fenceUser(userId, user, limits);
  };
  await held.reached;
  await waitUntil(() => isTold());
  expect(await isTold(silent)).toBe(false);
});

test("users whom Booking does not get done with keep no other waiting, however many they are", async () => {
  fenceUser = unfinished;
  const slow = new Set(await storeWaiting(150));
  await deactivate();
  fenceUser = (userId, ...rest) => (slow.has(userId) ? unfinished : peer.fenceUser)(userId, ...rest);
  await waitUntil(() => isTold());
  const { rowCount } = await pool.query("select from users where told_version < version");
  expect(rowCount).toBe(slow.size);
});

test("an operator is warned once of a user whom Booking has not got done with for a minute", async () => {
  fenceUser = unfinished;
  const [slow] = await storeWaiting(1);
  const lines: string[] = [];
  let told = 0;
  vi.useFakeTimers({ toFake: ["performance"] });
  const config = availabilityConfig(await variables("availability", pair.availability.databaseUrl));
  const { stop } = await startAvailability(config, pino({}, { write: (line) => void lines.push(line) }), {
    peer: (booking) => ({ ...booking, fenceUser: (...call) => ((told += 1), unfinished(...call)) }),
  });
  ended.push(stop, async () => void vi.useRealTimers());
  const warnings = (): string[] => lines.filter((line) => line.includes('"level":40') && line.includes(slow!));
  await waitUntil(() => told > 0);
  // Waiting moves this clock too, but not by the other half.
  vi.advanceTimersByTime(LATE_AFTER_MS / 2);
  await waitUntil(() => told > 2);
  expect(warnings()).toEqual([]);
  vi.advanceTimersByTime(LATE_AFTER_MS / 2);
  await waitUntil(() => warnings().length > 0);
  const before = told;
  await waitUntil(() => told > before + 1);
  expect(warnings()).toHaveLength(1);
});
