/** Races of bookings with buffers: made, moved and cancelled at two replicas, by rules that are not the same for all. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import type { Command, CreateCommand } from "../../services/booking/domain/command.ts";
import type { Rules } from "../../services/booking/domain/rules.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { openCalendar } from "../support/calendars.ts";
import {
  createCommand,
  hourOf,
  type LanesUnderTest,
  moveCommand,
  overlapsIn,
  saidOf,
  startLanes,
  tally,
} from "../support/lanes.ts";
import { actorOfSeats, expectRightSeats } from "../support/seat-history.ts";

let lanes: LanesUnderTest;
afterEach(() => lanes.stop());

/** How a command is decided: by these rules, which the feed tells by its actor. */
function by(rules: Partial<Rules>): Pick<CreateCommand, "calendar" | "actor"> {
  return { calendar: openCalendar(0, rules), actor: actorOfSeats(rules.seats ?? 1) };
}

async function all(commands: readonly Command[]): Promise<Record<string, number>> {
  return tally(await Promise.all(commands.map((command, caller) => saidOf(lanes.commit(command, caller)))));
}

const buffers = { bufferBeforeMs: 15 * MINUTE_MS, bufferAfterMs: 45 * MINUTE_MS };

test("bookings whose buffers touch are all accepted", async () => {
  lanes = await startLanes(2);
  const hostId = randomUUIDv7();
  const commands = Array.from({ length: 60 }, (_, index) => createCommand(hostId, hourOf(index * 2), by(buffers)));
  expect(await all(commands)).toEqual({ CONFIRMED: 60 });
});

test("of bookings whose buffers overlap by a millisecond, and their time does not, each second is accepted at most", async () => {
  lanes = await startLanes(2);
  const hostId = randomUUIDv7();
  const commands = Array.from({ length: 60 }, (_, index) => {
    const { start, end } = hourOf(index * 2);
    return createCommand(hostId, { start: start - index, end: end - index }, by(buffers));
  });
  const { CONFIRMED = 0, ...others } = await all(commands);
  // Who is refused has a neighbour that is accepted.
  expect(CONFIRMED).toBeGreaterThanOrEqual(20);
  expect(CONFIRMED).toBeLessThanOrEqual(30);
  expect(others).toEqual({ SLOT_TAKEN: 60 - CONFIRMED });
  expect(await overlapsIn(lanes.pool)).toBe(0);
  await expectRightSeats(lanes.pool, hostId);
});

test("bookings by different rules keep clear of each other by the buffers of both", async () => {
  lanes = await startLanes(2);
  const rules: Partial<Rules>[] = [{}, buffers, { seats: 3 }, { ...buffers, seats: 2 }];
  for (let round = 0; round < 5; round += 1) {
    const hostId = randomUUIDv7();
    const commands = Array.from({ length: 120 }, (_, index) =>
      createCommand(hostId, hourOf((index % 30) / 2, 1), by(rules[(index + round) % rules.length]!)),
    );
    const said = await all(commands);
    expect(Object.keys(said).toSorted()).toEqual(["CONFIRMED", "SLOT_TAKEN"]);
    await expectRightSeats(lanes.pool, hostId);
  }
  expect(await overlapsIn(lanes.pool)).toBe(0);
});

test("a booking moves across its own buffers, whoever else wants the time beside it", async () => {
  lanes = await startLanes(2);
  for (let round = 0; round < 20; round += 1) {
    const hostId = randomUUIDv7();
    const mine = createCommand(hostId, hourOf(10), by(buffers));
    expect(await saidOf(lanes.commit(mine))).toBe("CONFIRMED");
    const commands: Command[] = [];
    for (let step = 1; step <= 6; step += 1) {
      // Each step is shorter than the buffers.
      commands.push(moveCommand(mine, hourOf(10 + step / 4), by(buffers)));
      commands.push(createCommand(hostId, hourOf(10 + step / 2), by(buffers)));
    }
    const said = await all(commands);
    expect(new Set(Object.keys(said))).toEqual(new Set(["CONFIRMED", "SLOT_TAKEN"]));
    // Nobody else is there when the first move is decided, or it is: a move never stands in its own way.
    const { RESCHEDULED = 0, CONFIRMED = 0 } = await expectRightSeats(lanes.pool, hostId);
    expect(RESCHEDULED + CONFIRMED).toBe((said["CONFIRMED"] ?? 0) + 1);
  }
  expect(await overlapsIn(lanes.pool)).toBe(0);
});

test("in a class that is full, a booking that moves within its buffers keeps its seat", async () => {
  lanes = await startLanes(2);
  const hostId = randomUUIDv7();
  const rules = by({ ...buffers, seats: 4 });
  const bookings = Array.from({ length: 4 }, () => createCommand(hostId, hourOf(10), rules));
  expect(await all(bookings)).toEqual({ CONFIRMED: 4 });
  const seats = async () =>
    (await lanes.pool.query<{ id: string; seat: number }>("select id, seat from bookings order by id")).rows;
  const before = await seats();
  expect(await all(bookings.map((each) => moveCommand(each, hourOf(10.25), rules)))).toEqual({ CONFIRMED: 4 });
  expect(await seats()).toEqual(before);
  await expectRightSeats(lanes.pool, hostId);
});

test("creates, holds, moves and cancellations at two replicas leave every booking in the seat it was due", async () => {
  lanes = await startLanes(2);
  const rules: Partial<Rules>[] = [{ seats: 2 }, { ...buffers, seats: 3 }, { bufferAfterMs: 30 * MINUTE_MS, seats: 4 }];
  for (let round = 0; round < 5; round += 1) {
    const hostId = randomUUIDv7();
    const made = Array.from({ length: 60 }, (_, index) =>
      createCommand(hostId, hourOf((index % 20) / 2, 1), {
        ...by(rules[index % rules.length]!),
        holdMs: index % 5 === 0 ? 600_000 : undefined,
      }),
    );
    const changes = made.map((booking, index): Command => {
      if (index % 3 === 0) return { kind: "cancel", hostId, bookingId: booking.bookingId, actor: "tester" };
      return moveCommand(booking, hourOf(((index * 7) % 40) / 4, 1), by(rules[(index + 1) % rules.length]!));
    });
    await Promise.all([all(made), all(changes), all(changes.toReversed())]);
    const events = await expectRightSeats(lanes.pool, hostId);
    expect(Object.keys(events)).toEqual(expect.arrayContaining(["CONFIRMED", "CANCELLED", "RESCHEDULED"]));
  }
  expect(await overlapsIn(lanes.pool)).toBe(0);
});
