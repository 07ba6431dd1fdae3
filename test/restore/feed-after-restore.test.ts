/** Who follows a feed that goes back in time is told, and misses nothing. */

import { randomUUIDv7 } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { reasonOf } from "../../shared/rpc/client.ts";
import type { Clients } from "../support/clients.ts";
import { hours } from "../support/hosts-time.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { databaseVariables, runProgram } from "../support/programs.ts";
import { outcomeOf } from "../support/refusals.ts";
import { startReplicatedPair, type ReplicatedPair } from "../support/replicated-pair.ts";
import { backUp } from "../support/restorable.ts";
import { violationsIn } from "../support/violations.ts";
import { waitUntil } from "../support/waits.ts";
import { sequencesOf, watchBookings } from "../support/watching.ts";

let pair: ReplicatedPair;
let clients: Clients;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startReplicatedPair();
  [clients] = pair.replicas;
});
beforeEach(async () => {
  [hostId, guestId] = [await createHost(clients), await createGuest(clients)];
  await openTime(clients, hostId, hours(0, 24));
});
afterAll(() => pair.stop());

async function book(hour: number, host = hostId): Promise<string> {
  const { start, end } = hours(hour, hour + 1);
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
  return outcomeOf(clients.bookings.createBooking({ hostId: host, guestId, ...times }));
}

/** Books as soon as the service has found its database again. */
const bookWhenBack = (hour: number, host = hostId) =>
  waitUntil(async () => (await book(hour, host).catch(() => "")) === "accepted");

/** Returns what all sequences were raised to. */
async function afterRestore(): Promise<number> {
  const { code, stdout } = await runProgram("after-restore", databaseVariables(pair.databases));
  expect(code).toBe(0);
  return Number(/behind (\d+)\n/.exec(stdout)?.[1]);
}

test("a watcher who has seen what was undone is told at once, one who has not goes on", async () => {
  const other = await createHost(clients);
  await openTime(clients, other, hours(0, 24));
  for (const hour of [1, 2]) expect(await book(hour)).toBe("accepted");
  expect(await book(1, other)).toBe("accepted");
  const { restore } = await backUp(pair.databases.booking);
  await bookWhenBack(3);
  const ahead = await watchBookings(clients.bookings, hostId, 0);
  const level = await watchBookings(clients.bookings, other, 0);
  await Promise.all([ahead.reaches(3), level.reaches(1)]);
  await restore();
  const raisedTo = await afterRestore();
  expect(await ahead.ended).toBe("SEQUENCE_UNKNOWN");
  await bookWhenBack(3);
  await bookWhenBack(2, other);
  await level.reaches(raisedTo + 1);
  expect(sequencesOf(level.messages)).toEqual([1, raisedTo + 1]);
  level.leave();

  const again = async (afterSequence: number) => watchBookings(clients.bookings, hostId, afterSequence);
  expect(await outcomeOf(again(3))).toBe("SEQUENCE_UNKNOWN");
  expect(await outcomeOf(again(4))).toBe("SEQUENCE_UNKNOWN");
  for (const seen of [0, 2]) {
    const watching = await again(seen);
    await watching.reaches(raisedTo + 1);
    expect(sequencesOf(watching.messages).slice(-1)).toEqual([raisedTo + 1]);
    watching.leave();
  }
  expect(await violationsIn(pair.databases)).toEqual([]);
});

test("a list and a new watcher begin behind what all feeds were raised to, also with a host that has no row", async () => {
  expect(await book(1)).toBe("accepted");
  const raisedTo = await afterRestore();
  for (const host of [hostId, await createHost(clients)]) {
    const { sequence } = await clients.bookings.listBookings({ hostId: host });
    expect(Number(sequence)).toBe(raisedTo);
    const watching = await watchBookings(clients.bookings, host, raisedTo);
    await openTime(clients, host, hours(24, 48));
    await bookWhenBack(25, host);
    await watching.reaches(raisedTo + 1);
    watching.leave();
  }
  expect(await violationsIn(pair.databases)).toEqual([]);
});

test("a second run raises once more, above whatever a wrong clock has left", async () => {
  const pool = poolOf(pair.databases.booking);
  const first = await afterRestore();
  await pool.query("insert into restores (raised_to) values ($1)", [first + 2 ** 40]);
  expect(await afterRestore()).toBe(first + 2 ** 40 + 2 ** 32);
  await pool.query("update hosts set generation = $1 where host_id = $2", [first + 2 ** 41, hostId]);
  const last = await afterRestore();
  expect(last).toBe(first + 2 ** 41 + 2 ** 32);
  await bookWhenBack(5);
  expect(Number((await clients.bookings.listBookings({ hostId })).sequence)).toBe(last + 1);
  await pool.end();
});

function retryIfBusy(error: unknown): undefined {
  if (reasonOf(error) !== "BUSY") throw error;
}

test("while bookings are made and time is fenced, no event is lost and none is given twice", async () => {
  const watching = await watchBookings(clients.bookings, hostId, 0);
  const ended = new AbortController();
  const load = Array.from({ length: 8 }, async (_, caller) => {
    let made = 0;
    while (!ended.signal.aborted) {
      const { bookings, fence } = pair.replicas[caller % 2 === 0 ? 0 : 1];
      const { start } = hours(caller, 0);
      const [startTime, endTime] = [timestampFromMs(start), timestampFromMs(start + 1_800_000)];
      const request = { hostId, guestId, startTime, endTime, requestId: randomUUIDv7() };
      // Refused where the others fence without end, or hold the host for long: the same call again is no second booking.
      const booked = await waitUntil(() => bookings.createBooking(request).catch(retryIfBusy));
      const cancel = { bookingId: booked.booking!.id, requestId: randomUUIDv7() };
      await waitUntil(() => bookings.cancelBooking(cancel).catch(retryIfBusy));
      if (caller === 0) await waitUntil(() => fence.fenceHost({ hostId }).catch(retryIfBusy));
      made += 1;
    }
    return made;
  });
  for (let run = 0; run < 5; run += 1) await afterRestore();
  ended.abort();
  expect(Math.min(...(await Promise.all(load)))).toBeGreaterThan(0);
  const { sequence } = await clients.bookings.listBookings({ hostId });
  await watching.reaches(Number(sequence));
  watching.leave();
  const pool = poolOf(pair.databases.booking);
  const { rows } = await pool.query<{ sequence: number }>(
    "select sequence::float8 as sequence from booking_events where host_id = $1 order by sequence",
    [hostId],
  );
  await pool.end();
  expect(sequencesOf(watching.messages)).toEqual(rows.map((row) => row.sequence));
  expect(await violationsIn(pair.databases)).toEqual([]);
});
