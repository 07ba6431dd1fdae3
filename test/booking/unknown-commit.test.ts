/** The connection to the database is lost while COMMIT is on its way: nothing is done twice, and nothing is lost. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { BookingEvent } from "../../services/booking/domain/booking.ts";
import { wasRecorded } from "../../services/booking/storage/witness.ts";
import { HOST_LOCK_WAIT_MS } from "../../shared/postgres/locks.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { fenceCommand } from "../support/fence-command.ts";
import { createCommand, hourOf, type LanesUnderTest, saidOf, startLanes, tally } from "../support/lanes.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";

let proxy: CuttingProxy;
let lanes: LanesUnderTest;

beforeEach(async () => {
  lanes = await startLanes(1, { lanes: 1 }, async (url) => (proxy = await startCuttingProxy(url)).url);
});
afterEach(async () => {
  await lanes.stop();
  await proxy.close();
});

test.each(["before", "after"] as const)(
  "cut %s the server has it: every command has one effect and its answer",
  async (when) => {
    const hostId = randomUUIDv7();
    expect(await saidOf(lanes.commit(createCommand(hostId, hourOf(0))))).toBe("CONFIRMED");
    for (let round = 1; round <= 5; round += 1) {
      proxy.cutNextCommit(when);
      const creates = Array.from({ length: 10 }, (_, index) =>
        saidOf(lanes.commit(createCommand(hostId, hourOf(round * 10 + index)))),
      );
      expect(tally(await Promise.all(creates))).toEqual({ CONFIRMED: 10 });
      expect(proxy.cuts()).toBe(round);
    }
    const { rows } = await lanes.pool.query(
      "select (select count(*)::int from bookings) as bookings, count(*)::int as events, max(sequence)::int as last from booking_events",
    );
    expect(rows).toEqual([{ bookings: 51, events: 51, last: 51 }]);
  },
);

test("is found out though the first look at it is cut off too", async () => {
  proxy.cutNextCommit("after");
  proxy.cutNextCommit("before", "lock-host-shared\0");
  expect(await saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(0))))).toBe("CONFIRMED");
  expect(proxy.cuts()).toBe(2);
  expect((await lanes.pool.query("select from bookings")).rowCount).toBe(1);
});

test("a fence whose answer was cut off is answered all the same", async () => {
  const hostId = randomUUIDv7();
  proxy.cutNextCommit("after");
  expect(await saidOf(lanes.commit(fenceCommand(hostId)))).toBe("fenced");
  const { rows } = await lanes.pool.query<{ generation: number }>("select generation::int from hosts");
  expect(rows[0]?.generation).toBeGreaterThanOrEqual(1);
});

test("a batch that was rolled back is not taken for committed, though another replica has done a part of it since", async () => {
  await using replicas = await twoReplicas();
  const [held, free] = [randomUUIDv7(), randomUUIDv7()];
  const hold = createCommand(held, hourOf(0), { holdMs: 1 });
  expect(await saidOf(replicas.commit(hold))).toBe("HELD");
  const expire = { kind: "expire", hostId: held, bookingId: hold.bookingId, actor: "system" } as const;
  const gate = await stopCommitsTo(replicas.pool, "bookings");
  // While the first is under way, the others queue up and become one batch.
  const first = saidOf(replicas.commit(fenceCommand(randomUUIDv7())));
  const cut = [expire, createCommand(free, hourOf(0))].map((command) => saidOf(replicas.commit(command)));
  expect(await first).toBe("fenced");
  await gate.reached;
  const elsewhere = saidOf(replicas.commit(expire, 1));
  await somebodyWaits(replicas.pool);
  await gate.cut();
  expect(await elsewhere).toBe("idle");
  await gate.end();
  expect(await Promise.all(cut)).toEqual(["idle", "CONFIRMED"]);
  const { rowCount } = await replicas.pool.query("select from bookings where host_id = $1", [free]);
  expect(rowCount).toBe(1);
});

describe("a command whose every COMMIT is lost", () => {
  test("is refused where its event would be seen: nothing was changed", async () => {
    for (let attempt = 0; attempt < 3; attempt += 1) proxy.cutNextCommit("before", "insert-events\0");
    expect(await saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(0))))).toBe("BUSY");
    expect(proxy.cuts()).toBe(3);
    expect((await lanes.pool.query("select from bookings")).rowCount).toBe(0);
  });

  test("and that has no event may be stored: nobody is told that nothing was changed", async () => {
    const { hostId, bookingId, ...create } = createCommand(randomUUIDv7(), hourOf(0));
    expect(await saidOf(lanes.commit({ ...create, hostId, bookingId }))).toBe("CONFIRMED");
    for (const when of ["before", "before", "after"] as const) proxy.cutNextCommit(when, "insert-requests\0");
    const request = { id: randomUUIDv7(), method: "ConfirmBooking", contentHash: "ab".repeat(32) };
    const confirm = { kind: "confirm", hostId, bookingId, actor: "tester", request } as const;
    expect(await saidOf(lanes.commit(confirm))).toBe("OUTCOME_UNKNOWN");
    expect(proxy.cuts()).toBe(3);
    expect((await lanes.pool.query("select from requests")).rowCount).toBe(1);
    expect(await saidOf(lanes.commit(confirm))).toBe("CONFIRMED");
  });
});

describe("a COMMIT that the server gets after its connection was lost", () => {
  /** Resolves when the lane that asks how the COMMIT ended has waited longer than a command would, or with its answer. */
  const waitsLong = (answer: Promise<string>): Promise<unknown> =>
    Promise.race([somebodyWaits(lanes.pool, HOST_LOCK_WAIT_MS + 500), answer]);

  test("of a create: the caller gets its booking", async () => {
    const kept = proxy.keepNext();
    const created = saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(0))));
    await kept.cut;
    await waitsLong(created);
    await kept.deliver();
    expect(await created).toBe("CONFIRMED");
    expect((await lanes.pool.query("select from bookings")).rowCount).toBe(1);
  });

  test.each(["confirm", "cancel"] as const)(
    "of a %s that changes nothing, but is remembered: the caller gets the answer that is remembered",
    async (kind) => {
      const { hostId, bookingId, ...create } = createCommand(randomUUIDv7(), hourOf(0));
      expect(await saidOf(lanes.commit({ ...create, hostId, bookingId }))).toBe("CONFIRMED");
      const named = { hostId, bookingId, actor: "tester" };
      if (kind === "cancel") expect(await saidOf(lanes.commit({ kind, ...named }))).toBe("CANCELLED");
      const before = kind === "cancel" ? "CANCELLED" : "CONFIRMED";
      const request = { id: randomUUIDv7(), method: kind, contentHash: "ab".repeat(32) };
      const kept = proxy.keepNext();
      const said = saidOf(lanes.commit({ kind, ...named, request }));
      await kept.cut;
      await waitsLong(said);
      await kept.deliver();
      expect(await said).toBe(before);
      expect(await saidOf(lanes.commit({ kind: "cancel", ...named }))).toBe("CANCELLED");
      expect(await saidOf(lanes.commit({ kind, ...named, request }))).toBe(before);
    },
  );

  test("and never gets: its transaction is ended, and the command is run again", async () => {
    const kept = proxy.keepNext();
    const created = saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(0))));
    await kept.cut;
    expect(await created).toBe("CONFIRMED");
    await kept.deliver();
    expect((await lanes.pool.query("select from bookings")).rowCount).toBe(1);
  });

  test("and does not finish: nobody is told that nothing was changed", async () => {
    const gate = await stopCommitsTo(lanes.pool, "bookings");
    const kept = proxy.keepNext();
    const created = saidOf(lanes.commit(createCommand(randomUUIDv7(), hourOf(0))));
    await kept.cut;
    const delivered = kept.deliver();
    await gate.reached;
    expect(await created).toBe("OUTCOME_UNKNOWN");
    await gate.end();
    await delivered;
    expect((await lanes.pool.query("select from bookings")).rowCount).toBe(1);
  });
});

describe("a batch that was rolled back is not taken for committed, though in its place in the feed", () => {
  test.each([
    ["is a change of another booking", { kind: "cancel", which: 1, actor: "tester" }],
    ["the same booking was changed otherwise", { kind: "confirm", which: 0, actor: "tester" }],
    ["somebody else made the same change", { kind: "cancel", which: 0, actor: "somebody else" }],
    ["the same change was made once more", { kind: "cancel", which: 0, actor: "tester" }],
  ] as const)("%s", async (_what, { kind, which, actor }) => {
    await using replicas = await twoReplicas();
    const [hostId, neighbour] = [randomUUIDv7(), randomUUIDv7()];
    const holds = [0, 1].map((hour) => createCommand(hostId, hourOf(hour), { holdMs: 600_000 }));
    const other = createCommand(neighbour, hourOf(0));
    for (const hold of holds) expect(await saidOf(replicas.commit(hold))).toBe("HELD");
    expect(await saidOf(replicas.commit(other))).toBe("CONFIRMED");
    const gate = await stopCommitsTo(replicas.pool, "booking_events");
    // While the first is under way, the others queue up and become one batch.
    const first = saidOf(replicas.commit(fenceCommand(randomUUIDv7())));
    const cut = [
      { kind: "cancel", hostId, bookingId: holds[0]!.bookingId, actor: "tester" } as const,
      { kind: "cancel", hostId: neighbour, bookingId: other.bookingId, actor: "tester" } as const,
    ].map((command) => saidOf(replicas.commit(command)));
    expect(await first).toBe("fenced");
    await gate.reached;
    const elsewhere = replicas.commit({ kind, hostId, bookingId: holds[which]!.bookingId, actor }, 1);
    await somebodyWaits(replicas.pool);
    await gate.cut();
    await gate.end();
    expect(await saidOf(elsewhere)).toBe(kind === "cancel" ? "CANCELLED" : "CONFIRMED");
    expect(await Promise.all(cut)).toEqual(["CANCELLED", "CANCELLED"]);
    const { rows } = await replicas.pool.query("select state from bookings where id = any($1::uuid[])", [
      [holds[0]!.bookingId, other.bookingId],
    ]);
    expect(rows).toEqual([{ state: "CANCELLED" }, { state: "CANCELLED" }]);
  });
});

test("an event is the one that was written if all of it is", async () => {
  const command = createCommand(randomUUIDv7(), hourOf(0));
  expect(await saidOf(lanes.commit(command))).toBe("CONFIRMED");
  const { rows } = await lanes.pool.query<{ time: Date }>("select event_time as time from booking_events");
  const { hostId, bookingId: id, guestId, during, actor } = command;
  const time = rows[0]!.time.getTime();
  const booking = {
    id,
    hostId,
    guestId,
    during,
    occupied: during,
    seat: 1,
    state: "CONFIRMED",
    version: 1,
    sequence: 1,
    createTime: time,
    updateTime: time,
    details: {},
  } as const;
  const event: BookingEvent = { hostId, sequence: 1, kind: "CONFIRMED", actor, time, booking };
  expect(await wasRecorded(lanes.pool, hostId, event)).toBe(true);
  const others: BookingEvent[] = [
    { ...event, sequence: 2 },
    { ...event, kind: "HELD" },
    { ...event, actor: "somebody else" },
    { ...event, time: time - 1 },
    { ...event, booking: { ...booking, id: randomUUIDv7() } },
    { ...event, booking: { ...booking, version: 2 } },
    { ...event, hostId: randomUUIDv7() },
  ];
  for (const other of others) expect(await wasRecorded(lanes.pool, hostId, other), JSON.stringify(other)).toBe(false);
  expect(await wasRecorded(lanes.pool, hostId, undefined)).toBe(false);
});

async function twoReplicas(): Promise<LanesUnderTest & AsyncDisposable> {
  const replicas = await startLanes(2, { lanes: 1 });
  return { ...replicas, [Symbol.asyncDispose]: () => replicas.stop() };
}
