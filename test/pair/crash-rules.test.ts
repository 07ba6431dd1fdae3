/** Processes and databases that are killed while a host's rules change: they are the older or the new ones, for everybody. */

import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { stopCommitsTo } from "../support/lock-waits.ts";
import { openTime } from "../support/people.ts";
import { crashStage, endOf, persistently } from "./crash-stage.ts";

const stage = crashStage();

/** Gives the stage's host fewer seats, and longer buffers. */
const restrict = (requestId = randomUUID()): Promise<string> => {
  const rules = { seats: 2, bufferAfterMinutes: 30 };
  return endOf(stage.clients.availability.updateRules({ hostId: stage.hostId, ...rules, requestId }));
};

async function seats(): Promise<number | undefined> {
  const { rules } = await stage.clients.availability.getRules({ hostId: stage.hostId });
  return rules?.seats;
}

const book = (start: number, end: number): Promise<string> => persistently(() => stage.book(hours(start, end)));

/** Three seats, of which two are taken at 9. */
beforeEach(async () => {
  await openTime(stage.clients, stage.hostId, hours(8, 12));
  await stage.clients.availability.updateRules({ hostId: stage.hostId, seats: 3 });
  for (let seat = 1; seat <= 2; seat += 1) await book(9, 10);
});

/** By the older rules a third one is accepted, and its neighbour; by the new ones nobody from then on. */
async function expectOlderRules(): Promise<void> {
  expect(await seats()).toBe(3);
  expect([await book(9, 10), await book(10, 10.5)]).toEqual(["accepted", "accepted"]);
  expect(await persistently(restrict)).toBe("accepted");
  expect([await book(9, 10), await book(8.5, 9)]).toEqual(["SLOT_TAKEN", "SLOT_TAKEN"]);
}

test.each(["availability", "booking"] as const)(
  "%s is killed between the fence and the commit: the rules are the older ones, and can be changed",
  async (service) => {
    const { ended } = await stage.withFence(restrict);
    await stage.crash(service);
    stage.link.set("cut");
    expect(["failed", "PEER_UNAVAILABLE"]).toContain(await ended);
    stage.link.set("open");
    await expectOlderRules();
  },
);

test("PostgreSQL is killed between the fence and the commit: the rules are the older ones, and can be changed", async () => {
  const { ended } = await stage.withFence(restrict);
  await stage.crashPostgres();
  stage.link.set("open");
  expect(["BUSY", "OUTCOME_UNKNOWN", "PEER_UNAVAILABLE"]).toContain(await ended);
  await expectOlderRules();
}, 60_000);

test("Availability is killed while the commit is under way: nobody is accepted by the older rules", async () => {
  const commits = await stopCommitsTo(stage.pools.availability, "requests");
  const requestId = randomUUID();
  const ended = restrict(requestId);
  await commits.reached;
  await stage.crash("availability");
  // The ask waits for the lock of a transaction whose client is long gone.
  const booked = [book(9, 10), book(8.5, 9)];
  await commits.end();
  expect(await ended).toBe("failed");
  expect(await Promise.all(booked)).toEqual(["SLOT_TAKEN", "SLOT_TAKEN"]);
  expect(await persistently(() => restrict(requestId))).toBe("accepted");
  const { rules } = await stage.clients.availability.getRules({ hostId: stage.hostId });
  // With the first open time, once by the stage, once by this test, however often it was sent.
  expect(rules).toMatchObject({ seats: 2, bufferAfterMinutes: 30, etag: '"3"' });
});
