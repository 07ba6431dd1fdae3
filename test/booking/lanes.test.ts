/** Lanes against a real PostgreSQL: who wins, who waits for whom, and what a batch does to its neighbours. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { fenceCommand } from "../support/fence-command.ts";
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
import { takeLocksAway } from "../support/no-locks.ts";
import { waitUntil } from "../support/waits.ts";

let lanes: LanesUnderTest;
afterEach(() => lanes.stop());

describe("of callers for one slot", () => {
  test.each([50, 1000])(
    "%i at once, exactly one gets it, in as few transactions as batches hold them",
    async (count) => {
      lanes = await startLanes();
      const hostId = randomUUIDv7();
      const callers = Array.from({ length: count }, () => saidOf(lanes.commit(createCommand(hostId, hourOf(1)))));
      expect(tally(await Promise.all(callers))).toEqual({ CONFIRMED: 1, SLOT_TAKEN: count - 1 });
      // The first goes at once, and the others when it is back, as many at a time as a batch takes.
      expect(lanes.transactions()).toBe(1 + Math.ceil((count - 1) / 256));
      const { rows } = await lanes.pool.query("select count(*)::int as bookings from bookings");
      expect(rows).toEqual([{ bookings: 1 }]);
    },
  );

  test("on two replicas, exactly one gets it", async () => {
    lanes = await startLanes(2);
    for (let round = 0; round < 10; round += 1) {
      const hostId = randomUUIDv7();
      const callers = Array.from({ length: 60 }, (_, caller) =>
        saidOf(lanes.commit(createCommand(hostId, hourOf(1)), caller)),
      );
      expect(tally(await Promise.all(callers))).toEqual({ CONFIRMED: 1, SLOT_TAKEN: 59 });
    }
  });

  test("in a chain of overlapping candidates no two that overlap win, and some win", async () => {
    lanes = await startLanes(2);
    const hostId = randomUUIDv7();
    const callers = Array.from({ length: 40 }, (_, hour) =>
      saidOf(lanes.commit(createCommand(hostId, hourOf(hour, 2)), hour)),
    );
    const answers = tally(await Promise.all(callers));
    expect(await overlapsIn(lanes.pool)).toBe(0);
    // Of 40 two-hour candidates that begin an hour apart, at least every third and at most every second fits.
    expect(answers["CONFIRMED"]).toBeGreaterThanOrEqual(14);
    expect(answers["CONFIRMED"]).toBeLessThanOrEqual(20);
  });
});

describe("each holder of the invariant alone", () => {
  test("the lock: two replicas on a database without the constraint never double-book", async () => {
    lanes = await startLanes(2);
    await lanes.pool.query("alter table bookings drop constraint bookings_no_overlap");
    for (let round = 0; round < 20; round += 1) {
      const hostId = randomUUIDv7();
      await Promise.all(
        Array.from({ length: 40 }, (_, caller) =>
          saidOf(lanes.commit(createCommand(hostId, hourOf(caller / 8, 1)), caller)),
        ),
      );
    }
    expect(await overlapsIn(lanes.pool)).toBe(0);
  });

  test("the constraint: with a lock that locks nothing, nobody double-books and the loser is told SLOT_TAKEN", async () => {
    lanes = await startLanes(2);
    await takeLocksAway(lanes.pool);
    const said: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      const hostId = randomUUIDv7();
      said.push(
        ...(await Promise.all([0, 1].map((caller) => saidOf(lanes.commit(createCommand(hostId, hourOf(1)), caller))))),
      );
    }
    expect(await overlapsIn(lanes.pool)).toBe(0);
    expect(tally(said)["CONFIRMED"]).toBe(20);
    expect(new Set(said)).toEqual(new Set(["CONFIRMED", "SLOT_TAKEN"]));
  });

  test("the lock is really taken: while somebody else holds it, nothing is decided", async () => {
    lanes = await startLanes();
    const hostId = randomUUIDv7();
    const holder = await lanes.pool.connect();
    await holder.query("select pg_advisory_lock($1)", [hostLockKey(hostId)]);
    expect(await saidOf(lanes.commit(createCommand(hostId, hourOf(1))))).toBe("BUSY");
    const waiting = saidOf(lanes.commit(createCommand(hostId, hourOf(1))));
    await holder.query("select pg_advisory_unlock($1)", [hostLockKey(hostId)]);
    expect(await waiting).toBe("CONFIRMED");
    holder.release();
  });
});

describe("neighbours", () => {
  test("a host whose lock is held elsewhere delays nobody else on its lane", async () => {
    lanes = await startLanes(1, { lanes: 1 });
    const stuck = randomUUIDv7();
    const holder = await lanes.pool.connect();
    await holder.query("select pg_advisory_lock($1)", [hostLockKey(stuck)]);
    const waiting = Array.from({ length: 20 }, (_, hour) => saidOf(lanes.commit(createCommand(stuck, hourOf(hour)))));
    const others = Array.from({ length: 50 }, () => saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(1)))));
    expect(tally(await Promise.all(others))).toEqual({ CONFIRMED: 50 });
    // The stuck host still has all of its commands waiting: no other answer depended on it.
    await holder.query("select pg_advisory_unlock($1)", [hostLockKey(stuck)]);
    expect(tally(await Promise.all(waiting))).toEqual({ CONFIRMED: 20 });
    holder.release();
  });

  test("a command that the database refuses harms no other command of its batch", async () => {
    lanes = await startLanes(1, { lanes: 1 });
    const hostId = randomUUIDv7();
    const commands = Array.from({ length: 30 }, (_, hour) => createCommand(hostId, hourOf(hour)));
    // A NUL cannot be stored. No caller gets one this far; it stands for all that the database may refuse one day.
    commands[13] = { ...commands[13]!, actor: "\0" };
    const said = await Promise.all(commands.map((command) => saidOf(lanes.commit(command))));
    expect(tally(said.toSpliced(13, 1))).toEqual({ CONFIRMED: 29 });
    expect(said[13]).toMatch(/invalid byte sequence/);
    const { rows } = await lanes.pool.query(
      "select array_agg(sequence::int order by sequence) as sequences from booking_events",
    );
    expect(rows).toEqual([{ sequences: Array.from({ length: 29 }, (_, index) => index + 1) }]);
  });

  test("a caller that leaves ends its own command, and only that", async () => {
    lanes = await startLanes(1, { lanes: 1 });
    const hostId = randomUUIDv7();
    const leaving = new AbortController();
    const first = saidOf(lanes.commit(createCommand(hostId, hourOf(0))));
    const gone = saidOf(
      lanes.commit(createCommand(hostId, hourOf(1)), 0, { signal: leaving.signal, deadline: Infinity }),
    );
    const late = saidOf(
      lanes.commit(createCommand(hostId, hourOf(2)), 0, { signal: new AbortController().signal, deadline: 0 }),
    );
    const last = saidOf(lanes.commit(createCommand(hostId, hourOf(3))));
    leaving.abort(new Error("left"));
    const goneBefore = saidOf(
      lanes.commit(createCommand(hostId, hourOf(4)), 0, { signal: leaving.signal, deadline: Infinity }),
    );
    expect(await Promise.all([first, gone, goneBefore, late, last])).toEqual([
      "CONFIRMED",
      "Error: left",
      "Error: left",
      expect.stringContaining("TimeoutError"),
      "CONFIRMED",
    ]);
    const { rows } = await lanes.pool.query("select count(*)::int as bookings from bookings");
    expect(rows).toEqual([{ bookings: 2 }]);
  });
});

describe("a full queue", () => {
  test("refuses creates, and a fence passes it", async () => {
    lanes = await startLanes(1, { lanes: 1, batchMax: 1, queueMax: 3 });
    const hostId = randomUUIDv7();
    // The first is under way at once; three fill the queue.
    const creates = Array.from({ length: 8 }, (_, hour) => saidOf(lanes.commit(createCommand(hostId, hourOf(hour)))));
    const order: string[] = [];
    const fence = saidOf(lanes.commit(fenceCommand(hostId, [hourOf(0, 24)]))).then(
      (said) => (order.push("fence"), said),
    );
    void creates[3]!.then(() => order.push("last create"));
    const said = await Promise.all(creates);
    expect(await fence).toBe("fenced");
    expect(said.slice(4)).toEqual(["OVERLOADED", "OVERLOADED", "OVERLOADED", "OVERLOADED"]);
    // What was decided behind the fence is out of date.
    expect(said.slice(0, 4)).toEqual(["CONFIRMED", "stale", "stale", "stale"]);
    expect(order[0]).toBe("fence");
  });
});

describe("the order of writes", () => {
  test("a chain of moves, a swap and a cancelled place are one batch", async () => {
    lanes = await startLanes(1, { lanes: 1 });
    const hostId = randomUUIDv7();
    const [a, b, c, d] = Array.from({ length: 4 }, (_, hour) => createCommand(hostId, hourOf(hour)));
    for (const command of [a!, b!, c!, d!]) expect(await saidOf(lanes.commit(command))).toBe("CONFIRMED");
    const move = (bookingId: string, hour: number): Promise<string> =>
      saidOf(lanes.commit(moveCommand({ hostId, bookingId }, hourOf(hour))));
    const said = await Promise.all([
      saidOf(lanes.commit(createCommand(hostId, hourOf(20)))),
      saidOf(lanes.commit({ kind: "cancel", hostId, actor: "tester", bookingId: d!.bookingId })),
      move(c!.bookingId, 3),
      move(b!.bookingId, 2),
      move(a!.bookingId, 1),
      saidOf(lanes.commit(createCommand(hostId, hourOf(0)))),
      move(a!.bookingId, 9),
      move(b!.bookingId, 1),
      move(a!.bookingId, 2),
    ]);
    expect(said).toEqual(["CONFIRMED", "CANCELLED", ...Array.from({ length: 7 }, () => "CONFIRMED")]);
    const { rows } = await lanes.pool.query(
      `select array_agg(extract(hour from lower(during) at time zone 'UTC')::int order by lower(during)) as hours
       from bookings where state = 'CONFIRMED'`,
    );
    expect(rows).toEqual([{ hours: [0, 1, 2, 3, 20] }]);
  });
});

describe("the clock", () => {
  test.each(["confirm", "cancel", "reschedule"] as const)(
    "is read after the locks: a hold that ends while its %s waits for the host has ended",
    async (kind) => {
      lanes = await startLanes();
      const hostId = randomUUIDv7();
      const hold = createCommand(hostId, hourOf(1), { holdMs: 600_000 });
      expect(await saidOf(lanes.commit(hold))).toBe("HELD");
      const holder = await lanes.pool.connect();
      await holder.query("begin");
      await holder.query("select pg_advisory_xact_lock($1)", [hostLockKey(hostId)]);
      const named = { hostId, actor: "tester", bookingId: hold.bookingId };
      const waiting = saidOf(lanes.commit(kind === "reschedule" ? moveCommand(hold, hourOf(3)) : { kind, ...named }));
      // It has begun, by the clock of the database, some milliseconds before the hold ends.
      await waitUntil(async () => {
        const { rowCount } = await lanes.pool.query(
          `select from pg_stat_activity join pg_locks using (pid)
           where datname = current_database() and locktype = 'advisory' and not granted
             and query_start < clock_timestamp() - interval '5 milliseconds'`,
        );
        return rowCount === 1;
      });
      await holder.query(
        "update bookings set expire_time = date_trunc('milliseconds', clock_timestamp()) where id = $1",
        [hold.bookingId],
      );
      await holder.query("commit");
      holder.release();
      expect(await waiting).toBe(kind === "confirm" ? "HOLD_EXPIRED" : "BOOKING_NOT_ACTIVE");
      const { rows } = await lanes.pool.query("select state from bookings");
      expect(rows).toEqual([{ state: "EXPIRED" }]);
    },
  );
});
