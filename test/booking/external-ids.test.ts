/** Of a host's standing bookings one has an external id: who gets it, and when it is free again. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { CancelCommand, CreateCommand } from "../../services/booking/domain/command.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { expireHold } from "../model/expire-hold.ts";
import {
  createCommand,
  hourOf,
  type LanesUnderTest,
  moveCommand,
  saidOf,
  startLanes,
  tally,
} from "../support/lanes.ts";
import { takeLocksAway } from "../support/no-locks.ts";
import { PRIVATE_WORDS } from "../support/secrets.ts";

const EXTERNAL_ID = `${PRIVATE_WORDS} ünïcode`;

let lanes: LanesUnderTest;
afterEach(() => lanes.stop());

/** A create of the external id, each at an hour of its own. */
function called(hostId: string, hour: number, change: Partial<CreateCommand> = {}): CreateCommand {
  return createCommand(hostId, hourOf(hour), { details: { externalId: EXTERNAL_ID }, ...change });
}

function cancelOf({ hostId, bookingId }: CreateCommand): CancelCommand {
  return { kind: "cancel", hostId, bookingId, actor: "tester", reason: undefined };
}

/** How often a host's standing bookings have one external id more than once. */
async function twice(): Promise<number> {
  const { rowCount } = await lanes.pool.query(
    `select from bookings where external_id is not null and state in ('HELD', 'CONFIRMED')
     group by host_id, external_id having count(*) > 1`,
  );
  return rowCount ?? 0;
}

/** As many rounds of creates of one external id for a new host, half of them at each of two replicas. */
async function race(rounds: number, count: number): Promise<string[]> {
  const said: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const hostId = randomUUIDv7();
    const creates = Array.from({ length: count }, (_, hour) =>
      saidOf(lanes.commit(called(hostId, hour, hour % 3 === 0 ? { holdMs: HOUR_MS } : {}), hour)),
    );
    said.push(...(await Promise.all(creates)));
  }
  return said;
}

describe("of creates at two replicas exactly one gets it", () => {
  test("with all that holds it", async () => {
    lanes = await startLanes(2);
    const said = tally(await race(10, 60));
    expect(said["EXTERNAL_ID_TAKEN"]).toBe(10 * 59);
    expect((said["CONFIRMED"] ?? 0) + (said["HELD"] ?? 0)).toBe(10);
  });

  test("with the lock alone", async () => {
    lanes = await startLanes(2);
    await lanes.pool.query("drop index bookings_external_id_key");
    const said = tally(await race(20, 20));
    expect(said["EXTERNAL_ID_TAKEN"]).toBe(20 * 19);
    expect(await twice()).toBe(0);
  });

  test("with the index alone, and the loser is told so", async () => {
    lanes = await startLanes(2);
    await takeLocksAway(lanes.pool);
    const said = await race(20, 2);
    expect(await twice()).toBe(0);
    expect(tally(said)["EXTERNAL_ID_TAKEN"]).toBe(20);
  });
});

describe("it is another's", () => {
  test("while a booking or a hold has it, wherever that was moved to; not with another host", async () => {
    lanes = await startLanes();
    const hostId = randomUUIDv7();
    const hold = called(hostId, 1, { holdMs: HOUR_MS });
    expect(await saidOf(lanes.commit(hold))).toBe("HELD");
    expect(await saidOf(lanes.commit(called(hostId, 2)))).toBe("EXTERNAL_ID_TAKEN");
    expect(await saidOf(lanes.commit(moveCommand(hold, hourOf(3))))).toBe("HELD");
    expect(await saidOf(lanes.commit(called(hostId, 2)))).toBe("EXTERNAL_ID_TAKEN");
    const { bookingId } = hold;
    expect(await saidOf(lanes.commit({ kind: "confirm", hostId, bookingId, actor: "tester" }))).toBe("CONFIRMED");
    expect(await saidOf(lanes.commit(called(hostId, 2)))).toBe("EXTERNAL_ID_TAKEN");
    expect(await saidOf(lanes.commit(called(randomUUIDv7(), 2)))).toBe("CONFIRMED");
    expect(await saidOf(lanes.commit(createCommand(hostId, hourOf(2), { details: { externalId: "another" } })))).toBe(
      "CONFIRMED",
    );
  });

  test("no longer when that was cancelled, in one batch or in several", async () => {
    lanes = await startLanes(1, { lanes: 1 });
    const hostId = randomUUIDv7();
    const first = called(hostId, 1);
    expect(await saidOf(lanes.commit(first))).toBe("CONFIRMED");
    const second = called(hostId, 2);
    // The first command goes alone, and those behind it are one batch.
    const before = lanes.transactions();
    const others = [createCommand(hostId, hourOf(9)), cancelOf(first), second, cancelOf(second), called(hostId, 3)];
    const said = await Promise.all(others.map((command) => saidOf(lanes.commit(command))));
    expect(said).toEqual(["CONFIRMED", "CANCELLED", "CONFIRMED", "CANCELLED", "CONFIRMED"]);
    expect(lanes.transactions() - before).toBe(2);
    expect(await saidOf(lanes.commit(called(hostId, 4)))).toBe("EXTERNAL_ID_TAKEN");
    expect(await twice()).toBe(0);
  });

  test("no longer when that is a hold whose time is over, which is recorded then", async () => {
    lanes = await startLanes();
    const hostId = randomUUIDv7();
    const hold = called(hostId, 1, { holdMs: HOUR_MS });
    expect(await saidOf(lanes.commit(hold))).toBe("HELD");
    await expireHold(lanes.pool, hostId, hold.bookingId);
    expect(await saidOf(lanes.commit(called(hostId, 2)))).toBe("CONFIRMED");
    const { rows } = await lanes.pool.query(
      "select kind, external_id as name from booking_events where host_id = $1 order by sequence",
      [hostId],
    );
    const kinds = ["HELD", "EXPIRED", "CONFIRMED"];
    expect(rows).toEqual(kinds.map((kind) => ({ kind, name: EXTERNAL_ID })));
  });
});
