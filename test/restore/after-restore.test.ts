/**
 * One database, or both, go back in time under replicas that are not restarted. What they remember of the time that is lost
 * must not be believed after `npm run after-restore`.
 */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Clients } from "../support/clients.ts";
import { hours, storeOpenings } from "../support/hosts-time.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { databaseVariables, type Ended, runProgram } from "../support/programs.ts";
import { outcomeOf } from "../support/refusals.ts";
import { startReplicatedPair, type ReplicatedPair } from "../support/replicated-pair.ts";
import { backUp } from "../support/restorable.ts";
import { violationsIn } from "../support/violations.ts";
import { waitUntil } from "../support/waits.ts";

let pair: ReplicatedPair;
/** Remembers. What the second replica is told of fences, it learns from the database alone. */
let first: Clients;
let second: Clients;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startReplicatedPair();
  [first, second] = pair.replicas;
});

beforeEach(async () => {
  hostId = await createHost(second);
  guestId = await createGuest(second);
  await openTime(second, hostId, hours(8, 12));
});

afterAll(() => pair.stop());

const timesAt = (hour: number) => {
  const { start, end } = hours(hour, hour + 1);
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
};

const book = async (hour: number, host = hostId): Promise<string> =>
  outcomeOf(first.bookings.createBooking({ hostId: host, guestId, ...timesAt(hour) }));

const afterRestore = async (): Promise<Ended> => runProgram("after-restore", databaseVariables(pair.databases));

/** Until all services have found their databases again. They have one connection and more for each kind of work. */
async function areBack(): Promise<void> {
  for (const { users, bookings, fence } of pair.replicas) {
    await waitUntil(async () => (await outcomeOf(users.getUser({ userId: guestId })).catch(() => "")) !== "BUSY");
    await waitUntil(async () => (await outcomeOf(bookings.listBookings({ hostId })).catch(() => "")) === "accepted");
    // Another host's: nothing may be raised here but by what the test does.
    await waitUntil(async () => (await outcomeOf(fence.fenceHost({ hostId: guestId })).catch(() => "")) === "accepted");
  }
}

/** Opens an hour, and has the first replica remember that: a create is answered from what it remembers of the whole season. */
async function openMore(): Promise<void> {
  await openTime(second, hostId, hours(12, 13));
  expect(await book(9)).toBe("accepted");
}

describe("a calendar that was remembered before the restore is not believed after it", () => {
  test("of Booking's database, which gives the calendar's generation once more", async () => {
    const { restore } = await backUp(pair.databases.booking);
    await areBack();
    await openMore();
    await restore();
    const { code, stdout } = await afterRestore();
    expect([code, stdout.split("\n").at(-2)]).toEqual([0, "audit: no violation found"]);
    await areBack();
    await second.availability.removeAvailability({ hostId, ...timesAt(12) });
    expect(await book(12)).toBe("OUTSIDE_AVAILABILITY");
    expect(await violationsIn(pair.databases, hostId)).toEqual([]);
  });

  test("of Availability's database, which has less open time without a fence", async () => {
    const { restore } = await backUp(pair.databases.availability);
    await areBack();
    await openMore();
    await restore();
    expect((await afterRestore()).code).toBe(0);
    await areBack();
    expect(await book(12)).toBe("OUTSIDE_AVAILABILITY");
    expect(await violationsIn(pair.databases, hostId)).toEqual([]);
  });

  test("of both, to a time before the host: its generation 0 was given too", async () => {
    const backups = [await backUp(pair.databases.availability), await backUp(pair.databases.booking)];
    await areBack();
    const lost = await createHost(second);
    // As an addition leaves it whose fence was lost.
    const pool = poolOf(pair.databases.availability);
    await storeOpenings(pool, lost, [hours(8, 12)]);
    await pool.end();
    expect(await book(9, lost)).toBe("accepted");
    for (const { restore } of backups) await restore();
    expect((await afterRestore()).code).toBe(0);
    await areBack();
    expect(await book(10, lost)).toBe("USER_NOT_FOUND");
    expect(await violationsIn(pair.databases, lost)).toEqual([]);
  });
});

test("a guest who was remembered and is lost books nothing, and what is booked with one is named", async () => {
  const { restore } = await backUp(pair.databases.availability);
  await areBack();
  const lost = await createGuest(second);
  const create = async (hour: number) => first.bookings.createBooking({ hostId, guestId: lost, ...timesAt(hour) });
  const { booking } = await create(9);
  await restore();
  const { code, stdout } = await afterRestore();
  expect(code).toBe(1);
  expect(stdout).toContain(
    `GUEST_UNKNOWN: booking ${booking!.id} of host ${hostId} is with guest ${lost}, whom Availability does not have\n`,
  );
  await areBack();
  expect(await outcomeOf(create(10))).toBe("USER_NOT_FOUND");
  await first.bookings.cancelBooking({ bookingId: booking!.id });
  expect(await violationsIn(pair.databases)).toEqual([]);
});

test("a database that is closed to writes until then is of use to no replica before, and to each one after", async () => {
  const { restore, open } = await backUp(pair.databases.booking);
  await areBack();
  await restore("closed");
  await waitUntil(async () => (await book(9).catch(() => "")) === "BUSY");
  expect((await afterRestore()).code).toBe(0);
  expect(await book(9)).toBe("BUSY");
  await open();
  await areBack();
  expect(await book(9)).toBe("accepted");
});

test("of users whom Booking has forgotten it is told again", async () => {
  const { restore } = await backUp(pair.databases.booking);
  await areBack();
  expect((await second.users.deactivateUser({ userId: guestId })).complete).toBe(true);
  await restore();
  const { stdout } = await afterRestore();
  expect(stdout).toContain("told anew, once Availability runs: 1\n");
  await areBack();
  await waitUntil(async () => (await book(9)) === "GUEST_DEACTIVATED");
  expect(await violationsIn(pair.databases)).toEqual([]);
});

test("what Booking knows and Availability has forgotten is not overruled, and named", async () => {
  const { restore } = await backUp(pair.databases.availability);
  await areBack();
  await second.users.deactivateUser({ userId: guestId });
  await restore();
  const { code, stdout } = await afterRestore();
  expect(code).toBe(1);
  expect(stdout).toContain("told anew, once Availability runs: 0\n");
  expect(stdout).toContain(`USER_STATE: user ${guestId} is ACTIVE, and DEACTIVATED in Booking\n`);
  await areBack();
});
