/** The connection to the database is cut while COMMIT is on its way: nothing is done twice, and nothing is lost. */

import { randomUUIDv7 } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type CuttingProxy, startCuttingProxy } from "./support/cutting-proxy.ts";
import { createCommand, hourOf, type LanesUnderTest, saidOf, startLanes, tally } from "./support/lanes.ts";
import { somebodyWaits, stopCommitsTo } from "./support/lock-waits.ts";

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

test("a fence whose answer was cut off is answered all the same", async () => {
  const hostId = randomUUIDv7();
  proxy.cutNextCommit("after");
  expect(await saidOf(lanes.commit({ kind: "fence", hostId, actor: "tester", ranges: [] }))).toBe("fenced");
  const { rows } = await lanes.pool.query<{ generation: number }>("select generation::int from host_fences");
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
  const first = saidOf(replicas.commit({ kind: "fence", hostId: randomUUIDv7(), actor: "tester", ranges: [] }));
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

async function twoReplicas(): Promise<LanesUnderTest & AsyncDisposable> {
  const replicas = await startLanes(2, { lanes: 1 });
  return { ...replicas, [Symbol.asyncDispose]: () => replicas.stop() };
}
