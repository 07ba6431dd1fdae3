/** Who is deactivated is booked no more: batches that may not have seen it are waited for, and no others. */

import { randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { UserState } from "../../services/booking/domain/user.ts";
import { fenceUser } from "../../services/booking/scheduling/fence-user.ts";
import type { Caller } from "../../shared/caller.ts";
import { monotonicMs } from "../../shared/clock.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import {
  createCommand,
  hourOf,
  type LanesUnderTest,
  moveCommand,
  patient,
  saidOf,
  startLanes,
  tally,
} from "../support/lanes.ts";
import { testLog } from "../support/logs.ts";
import { poolOf } from "../support/pool.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";
import { waitUntil } from "../support/waits.ts";

let lanes: LanesUnderTest;
/** The fences' own, so that what they asked last can be seen. */
let pool: Pool;
let hostId: string;
let guestId: string;
beforeEach(async () => {
  lanes = await startLanes(2);
  pool = poolOf(lanes.pool.options.connectionString ?? "");
  [hostId, guestId] = [randomUUIDv7(), randomUUIDv7()];
});
afterEach(async () => {
  await pool.end();
  await lanes.stop();
});

async function tell(id: string, state: UserState, version: number, caller: Caller = patient): Promise<boolean> {
  return (await fenceUser({ pool, lanes: lanes.replicas[0]!, log: testLog("fence") }, { id, state, version }, caller))
    .isComplete;
}

const book = (hour: number, replica = 0): Promise<string> =>
  saidOf(lanes.commit(createCommand(hostId, hourOf(hour), { guestId }), replica));

/** A caller whose time, less what is kept for the answer, is over: it waits for nothing. */
const hurried = (): Caller => ({ signal: new AbortController().signal, deadline: monotonicMs() + 250 });

async function lockOf(host: string): Promise<() => Promise<void>> {
  const holder = await lanes.pool.connect();
  await holder.query("begin");
  await holder.query("select pg_advisory_xact_lock($1)", [hostLockKey(host)]);
  return async () => {
    await holder.query("rollback");
    holder.release();
  };
}

/** Resolves when a fence has seen whom it waits for, and has looked again. */
async function fenceWaits(): Promise<void> {
  await waitUntil(async () => {
    const { rowCount } = await lanes.pool.query(
      `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
         and query like '%virtualtransaction = any(%'`,
    );
    return rowCount !== 0;
  });
}

describe.each<[who: string, reason: string]>([
  ["host", "HOST_DEACTIVATED"],
  ["guest", "GUEST_DEACTIVATED"],
])("a %s who is deactivated", (who, reason) => {
  const id = (): string => (who === "host" ? hostId : guestId);

  test("makes and moves nothing on any replica, and keeps and cancels what there is", async () => {
    const [first, hold] = [1, 2].map((hour) =>
      createCommand(hostId, hourOf(hour), { guestId, ...(hour === 2 ? { holdMs: 600_000 } : {}) }),
    );
    const made = [first!, hold!].map((command) => saidOf(lanes.commit(command)));
    expect(await Promise.all(made)).toEqual(["CONFIRMED", "HELD"]);
    expect(await tell(id(), "DEACTIVATED", 2)).toBe(true);
    const of = (command: typeof first) => ({ hostId, bookingId: command!.bookingId, actor: "tester" });
    for (const replica of [0, 1]) {
      expect(await book(3, replica)).toBe(reason);
      expect(await saidOf(lanes.commit(moveCommand(first!, hourOf(5)), replica))).toBe(reason);
      expect(await saidOf(lanes.commit({ kind: "confirm", ...of(hold) }, replica))).toBe(reason);
      expect(await saidOf(lanes.commit({ kind: "confirm", ...of(first) }, replica))).toBe("CONFIRMED");
    }
    expect(await saidOf(lanes.commit({ kind: "cancel", ...of(hold) }))).toBe("CANCELLED");
    expect(await saidOf(lanes.commit({ kind: "cancel", ...of(first) }))).toBe("CANCELLED");
  });

  test("is told so to a create that waited for its host meanwhile", async () => {
    const release = await lockOf(hostId);
    const waiting = book(1);
    await somebodyWaits(lanes.pool);
    const told = tell(id(), "DEACTIVATED", 2);
    await fenceWaits();
    await release();
    expect([await told, await waiting]).toEqual([true, reason]);
  });
});

describe("a fence", () => {
  test("waits for a batch that has decided and is not committed", async () => {
    const gate = await stopCommitsTo(lanes.pool, "bookings");
    const booked = book(1, 1);
    await gate.reached;
    let answered = false;
    const told = tell(guestId, "DEACTIVATED", 2).finally(() => (answered = true));
    await fenceWaits();
    expect(answered).toBe(false);
    await gate.end();
    expect([await booked, await told]).toEqual(["CONFIRMED", true]);
    expect(await book(2)).toBe("GUEST_DEACTIVATED");
  });

  test("that has no time to wait for it is not complete, and says so; the state is stored", async () => {
    const gate = await stopCommitsTo(lanes.pool, "bookings");
    const booked = book(1, 1);
    await gate.reached;
    expect(await tell(guestId, "DEACTIVATED", 2, hurried())).toBe(false);
    await gate.end();
    expect(await booked).toBe("CONFIRMED");
    expect(await book(2)).toBe("GUEST_DEACTIVATED");
    expect(await tell(guestId, "DEACTIVATED", 2, hurried())).toBe(true);
  });

  test("waits for no transaction that began later", async () => {
    const release = await lockOf(hostId);
    const told = tell(guestId, "DEACTIVATED", 2);
    await fenceWaits();
    const releaseAnother = await lockOf(randomUUIDv7());
    await release();
    expect(await told).toBe(true);
    await releaseAnother();
  });

  test("that makes a user active waits for nobody", async () => {
    await tell(guestId, "DEACTIVATED", 2);
    const release = await lockOf(randomUUIDv7());
    expect(await tell(guestId, "ACTIVE", 3)).toBe(true);
    await release();
    expect(await book(1)).toBe("CONFIRMED");
  });

  test("that comes late or twice changes nothing", async () => {
    expect(await tell(guestId, "DEACTIVATED", 3)).toBe(true);
    expect(await tell(guestId, "ACTIVE", 2)).toBe(true);
    expect(await tell(guestId, "ACTIVE", 3)).toBe(true);
    expect(await book(1)).toBe("GUEST_DEACTIVATED");
    await tell(guestId, "ACTIVE", 4);
    expect(await book(1)).toBe("CONFIRMED");
  });

  test("of an erased user is for good: no later version makes anything of it again", async () => {
    expect(await tell(guestId, "ERASED", 3)).toBe(true);
    await tell(guestId, "ACTIVE", 4);
    await tell(guestId, "DEACTIVATED", 5);
    expect(await book(1)).toBe("GUEST_DEACTIVATED");
    const stored = () =>
      lanes.pool.query("select state, version::int, complete_time is null as is_under_way from users");
    expect((await stored()).rows).toEqual([{ state: "ERASED", version: 3, is_under_way: false }]);
    // Erased once more, it has the later version: Availability counts on that.
    expect(await tell(guestId, "ERASED", 6)).toBe(true);
    expect((await stored()).rows).toEqual([{ state: "ERASED", version: 6, is_under_way: false }]);
  });

  test("leaves the other guests of the batch alone", async () => {
    await tell(guestId, "DEACTIVATED", 2);
    const others = Array.from({ length: 20 }, (_, hour) => saidOf(lanes.commit(createCommand(hostId, hourOf(hour)))));
    const own = Array.from({ length: 20 }, (_, hour) => book(hour));
    expect(tally(await Promise.all([...others, ...own]))).toEqual({ CONFIRMED: 20, GUEST_DEACTIVATED: 20 });
  });
});

test("of creates under way on two replicas, none is committed once the fence is answered", async () => {
  for (let round = 0; round < 20; round += 1) {
    const guest = randomUUIDv7();
    const creates = Array.from({ length: 40 }, (_, hour) =>
      saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(hour), { guestId: guest }), hour)),
    );
    expect(await tell(guest, "DEACTIVATED", 2)).toBe(true);
    const bookings = async (): Promise<unknown> =>
      (await lanes.pool.query("select count(*)::int as bookings from bookings where guest_id = $1", [guest])).rows;
    const atAnswer = await bookings();
    await Promise.all(creates);
    expect(await bookings()).toEqual(atAnswer);
  }
});
