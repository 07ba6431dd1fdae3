/** Races for the seats of one host: who gets one, and which. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { openCalendar } from "../support/calendars.ts";
import { createCommand, hourOf, type LanesUnderTest, overlapsIn, saidOf, startLanes, tally } from "../support/lanes.ts";
import { takeLocksAway } from "../support/no-locks.ts";
import { actorOfSeats, expectRightSeats, seatsOf } from "../support/seat-history.ts";

let lanes: LanesUnderTest;
afterEach(() => lanes.stop());

const SEATS = 12;
const actor = actorOfSeats(SEATS);
const everySeat = Array.from({ length: SEATS }, (_, index) => index + 1);

/** So many callers at once for one hour of a class, at all replicas in turn; every third wants to hold its seat. */
async function storm(hostId: string, count: number): Promise<Record<string, number>> {
  const calendar = openCalendar(0, { seats: SEATS });
  const callers = Array.from({ length: count }, async (_, caller) => {
    const holdMs = caller % 3 === 0 ? 600_000 : undefined;
    return await saidOf(lanes.commit(createCommand(hostId, hourOf(1), { calendar, actor, holdMs }), caller));
  });
  const { HELD = 0, CONFIRMED = 0, ...others } = tally(await Promise.all(callers));
  return { booked: HELD + CONFIRMED, ...others };
}

describe("of 1,000 callers for a class of 12, exactly 12 get a seat each,", () => {
  const exactly = { booked: SEATS, SLOT_TAKEN: 1000 - SEATS };

  test.each([1, 2])("at %i replicas", async (replicas) => {
    lanes = await startLanes(replicas);
    const hostId = randomUUIDv7();
    expect(await storm(hostId, 1000)).toEqual(exactly);
    expect(await seatsOf(lanes.pool, hostId)).toEqual(everySeat);
    await expectRightSeats(lanes.pool, hostId);
  });

  test("by the lock alone: without the constraint", async () => {
    lanes = await startLanes(2);
    await lanes.pool.query("alter table bookings drop constraint bookings_no_overlap");
    for (let round = 0; round < 3; round += 1) {
      const hostId = randomUUIDv7();
      expect(await storm(hostId, 1000)).toEqual(exactly);
      expect(await seatsOf(lanes.pool, hostId)).toEqual(everySeat);
    }
  });

  /** Two who write at once may also want the same place in the feed. */
  const REFUSED = ['error: duplicate key value violates unique constraint "booking_events_pkey"'];

  test("by the constraint alone: with a lock that locks nothing, some may have to come again", async () => {
    lanes = await startLanes(2);
    await takeLocksAway(lanes.pool);
    const calendar = openCalendar(0, { seats: SEATS });
    for (let round = 0; round < 5; round += 1) {
      const hostId = randomUUIDv7();
      const { booked, ...others } = await storm(hostId, 200);
      expect([...REFUSED, "SLOT_TAKEN", "BUSY"]).toEqual(expect.arrayContaining(Object.keys(others)));
      const again: string[] = [];
      while (again.at(-1) !== "SLOT_TAKEN")
        again.push(await saidOf(lanes.commit(createCommand(hostId, hourOf(1), { calendar }))));
      expect(booked! + again.length - 1).toBe(SEATS);
      expect(await seatsOf(lanes.pool, hostId)).toEqual(everySeat);
    }
    expect(await overlapsIn(lanes.pool)).toBe(0);
  });
});

test("of callers for 1,000 seats, all get one each, and the one who comes then gets none", async () => {
  lanes = await startLanes(2);
  const hostId = randomUUIDv7();
  const calendar = openCalendar(0, { seats: 1000 });
  const create = (caller: number): Promise<string> =>
    saidOf(lanes.commit(createCommand(hostId, hourOf(1), { calendar }), caller));
  const said = await Promise.all(Array.from({ length: 1000 }, (_, caller) => create(caller)));
  expect(tally(said)).toEqual({ CONFIRMED: 1000 });
  expect(await create(0)).toBe("SLOT_TAKEN");
  expect(await seatsOf(lanes.pool, hostId)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1));
});

test("of classes that begin every quarter of an hour and last one, none is ever fuller than it may be", async () => {
  lanes = await startLanes(2);
  const hostId = randomUUIDv7();
  const calendar = openCalendar(0, { seats: 3 });
  const commands = Array.from({ length: 400 }, (_, index) =>
    createCommand(hostId, hourOf((index % 40) / 4, 1), { calendar, actor: actorOfSeats(3) }),
  );
  const said = await Promise.all(commands.map((command, caller) => saidOf(lanes.commit(command, caller))));
  expect(new Set(said)).toEqual(new Set(["CONFIRMED", "SLOT_TAKEN"]));
  await expectRightSeats(lanes.pool, hostId);
  expect(await overlapsIn(lanes.pool)).toBe(0);
});
