/** Random sequences of calls, each answered by the services as by a simple model of them. */

import * as fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import type { Clients } from "../support/clients.ts";
import { fencingClients } from "../support/fencing-clients.ts";
import { storedIntervals } from "../support/hosts-time.ts";
import { startPair } from "../support/pair.ts";
import type { Pair } from "../support/pair.ts";
import { createGuest, createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { checkPair } from "./checker.ts";
import { asSeen, bookingsIn, nothingYet } from "./model.ts";
import type { Model } from "./model.ts";
import { intervalsOf } from "./open-time.ts";
import { AHEAD, quarterOf } from "./quarters.ts";
import { readBookings, readFeed } from "./reads.ts";
import { fence, runStep } from "./run-step.ts";
import type { World } from "./run-step.ts";
import { anySteps } from "./steps.ts";
import { storedBookings } from "./stored.ts";

const RUNS = 35;

let pair: Pair;
let availabilityPool: Pool;
let bookingPool: Pool;
let clients: Clients;
let guestIds: readonly string[];
beforeAll(async () => {
  pair = await startPair();
  clients = fencingClients(pair);
  availabilityPool = poolOf(pair.availability.databaseUrl);
  bookingPool = poolOf(pair.booking.databaseUrl);
  guestIds = [await createGuest(clients), await createGuest(clients)];
});
afterAll(async () => {
  await Promise.all([availabilityPool.end(), bookingPool.end()]);
  await pair.stop();
});

test("every answer is the model's, and at the end so are the rows and the feed", { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(anySteps(0, 80), async (steps) => {
      const world = { clients, pool: bookingPool, hostId: await createHost(clients), guestIds };
      let model = nothingYet;
      for (const step of steps) model = await runStep(world, model, step);
      // Whatever a fence disregards it records, so that what follows need not wait for the sweeper.
      await fence(world, model, AHEAD);
      await compareStored(world, model);
      await compareFeed(world, model);
    }),
    // Unbiased: small sequences are what a failure is shrunk to, not what finds it.
    { numRuns: RUNS, plugins: [fc.unbiased()] },
  );
  expect(await checkPair(pair.availability.databaseUrl, pair.booking.databaseUrl)).toEqual([]);
});

async function compareStored({ pool, hostId }: World, model: Model): Promise<void> {
  const open = await storedIntervals(availabilityPool, hostId);
  expect(open.map(({ start, end }) => ({ start: quarterOf(start), end: quarterOf(end) }))).toEqual(
    intervalsOf(model.open),
  );
  // How an etag is stored is the service's affair.
  const stored = (await storedBookings(pool, hostId)).map((row) => [row.id, { ...row, etag: "" }]);
  const modelled = model.bookings.map((booking) => [booking.id, { ...asSeen(booking), etag: "" }]);
  expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(modelled));
}

async function compareFeed({ hostId }: World, model: Model): Promise<void> {
  const { bookings, sequence } = await readBookings(clients, hostId, AHEAD, [], PAGE_SIZE_MAX);
  const events = await readFeed(clients, hostId, Number(sequence));
  expect(events.map((event) => event.sequence)).toEqual(
    Array.from({ length: Number(sequence) }, (_, index) => index + 1),
  );
  const others = events.filter(({ kind }) => kind !== "EXPIRED");
  expect(others.map(({ kind, booking }) => ({ kind, booking }))).toEqual(model.events);
  const replayed = new Map(events.map(({ booking }) => [booking.id, booking]));
  expect(bookings).toEqual(bookingsIn(model, AHEAD, []).map(asSeen));
  for (const booking of bookings) expect(replayed.get(booking.id)).toEqual(booking);
  const ended = events.filter(({ kind }) => kind === "EXPIRED").map(({ booking }) => booking.id);
  expect(ended.toSorted()).toEqual(
    bookings
      .filter(({ state }) => state === "EXPIRED")
      .map(({ id }) => id)
      .toSorted(),
  );
}
