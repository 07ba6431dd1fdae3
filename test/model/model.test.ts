/**
 * Random sequences of calls, each answered by the services as by a simple model of them. There are two replicas of each
 * service, which take turns: what one of them remembers, the other has changed.
 */

import * as fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import { storedIntervals } from "../support/hosts-time.ts";
import { createGuest, createHost } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { type ReplicatedPair, startReplicatedPair } from "../support/replicated-pair.ts";
import { checkPair } from "./checker.ts";
import { asSeen, bookingsIn, holdLimits } from "./model.ts";
import { type Model, nothingYet } from "./model-state.ts";
import { intervalsOf } from "./open-time.ts";
import { AHEAD, quarterOf } from "./quarters.ts";
import { readBookings, readFeed } from "./reads.ts";
import { fence, runStep, type World } from "./run-step.ts";
import { anySteps } from "./steps.ts";
import { storedBookings } from "./stored.ts";

const RUNS = 35;

let pair: ReplicatedPair;
let availabilityPool: Pool;
let bookingPool: Pool;
beforeAll(async () => {
  pair = await startReplicatedPair({ booking: holdLimits });
  availabilityPool = poolOf(pair.databases.availability);
  bookingPool = poolOf(pair.databases.booking);
});
afterAll(async () => {
  await Promise.all([availabilityPool.end(), bookingPool.end()]);
  await pair.stop();
});

test("every answer is the model's, and at the end so are the rows and the feed", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(anySteps(0, 80), async (steps) => {
      const hostId = await createHost(pair.replicas[0]);
      // Of this run: steps deactivate them.
      const guestIds = [await createGuest(pair.replicas[0]), await createGuest(pair.replicas[1])];
      const worldAt = (turn: number): World => ({
        clients: pair.replicas[turn % 2 === 0 ? 0 : 1],
        pool: bookingPool,
        hostId,
        guestIds,
      });
      let model = nothingYet;
      for (const [turn, step] of steps.entries()) model = await runStep(worldAt(turn), model, step);
      const world = worldAt(steps.length);
      // Whatever a fence disregards it records, so that what follows need not wait for the sweeper.
      await fence(world, model, AHEAD);
      await compareStored(world, model);
      await compareFeed(world, model);
    }),
    // Unbiased: small sequences are what a failure is shrunk to, not what finds it.
    { numRuns: RUNS, plugins: [fc.unbiased()] },
  );
  expect(await checkPair(pair.databases.availability, pair.databases.booking)).toEqual([]);
});

async function compareStored({ pool, hostId }: World, model: Model): Promise<void> {
  const open = await storedIntervals(availabilityPool, hostId);
  expect(open.map(({ start, end }) => ({ start: quarterOf(start), end: quarterOf(end) }))).toEqual(
    intervalsOf(model.openings),
  );
  // How an etag is stored is the service's affair.
  const stored = (await storedBookings(pool, hostId)).map((row) => [row.id, { ...row, etag: "" }]);
  const modelled = model.bookings.map((booking) => [booking.id, { ...asSeen(booking), etag: "" }]);
  expect(Object.fromEntries(stored)).toEqual(Object.fromEntries(modelled));
}

async function compareFeed({ clients, hostId }: World, model: Model): Promise<void> {
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
