/**
 * A host's rules change in one database while a guest books by them in the other. Each test forces one order of events: what is
 * decided behind the fence is decided by the new rules, and by the older ones where they stay.
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import type { UpdateRulesRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { Refusal } from "../../shared/errors.ts";
import { hours } from "../support/hosts-time.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";
import type { Pair } from "../support/pair.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { pause } from "../support/steps.ts";
import { timesOf } from "../support/times.ts";
import { fenceStage } from "./fence-stage.ts";

const stage = fenceStage();

/** More than a day ahead, of a host with two seats of which one is taken from 59 to 61. */
const wanted = hours(60, 61);

/** Each forbids what is wanted. */
const changes: readonly [what: string, rules: MessageInitShape<typeof UpdateRulesRequestSchema>, refusal: string][] = [
  ["seats", { seats: 1 }, "SLOT_TAKEN"],
  ["notice", { minimumNoticeMinutes: 30 * 1440 }, "TOO_SOON"],
  ["horizon", { horizonDays: 1 }, "TOO_FAR"],
  // Only a buffer reaches the booking that takes the other seat.
  ["buffers", { bufferBeforeMinutes: 45 }, "SLOT_TAKEN"],
  ["slot duration", { slotDurationMinutes: 45 }, "OFF_GRID"],
];

const update = (rules: MessageInitShape<typeof UpdateRulesRequestSchema>): Promise<string> =>
  outcomeOf(stage.pairs[0].clients.availability.updateRules({ hostId: stage.hostId, ...rules }));

/** What takes a seat. Each returns what does it, ready to be called. */
const takers = {
  create: async (pair: Pair) => async () => outcomeOf(stage.book(wanted, 0, pair)),
  hold: async (pair: Pair) => async () => outcomeOf(stage.book(wanted, 600, pair)),
  reschedule: async (pair: Pair) => {
    await openTime(pair.clients, stage.hostId, hours(30, 31));
    const bookingId = await stage.book(hours(30, 31), 0, pair);
    return async () => outcomeOf(pair.clients.bookings.rescheduleBooking({ bookingId, ...timesOf(wanted) }));
  },
};

const stages = changes.flatMap(([what, rules, refusal]) =>
  (["create", "hold", "reschedule"] as const).map((taker, index) => ({
    what,
    rules,
    refusal,
    taker,
    // The second pair's Booking hears of the fence from the database alone.
    replica: (index % 2) as 0 | 1,
  })),
);

describe.each(stages)("a change of $what, and a $taker at replica $replica", ({ rules, refusal, taker, replica }) => {
  let take: () => Promise<string>;

  beforeEach(async () => {
    await openTime(stage.pairs[0].clients, stage.hostId, hours(58, 64));
    await stage.pairs[0].clients.availability.updateRules({ hostId: stage.hostId, seats: 2 });
    await stage.book(hours(59, 61));
    // Its buffer would reach, and it is not in the way without.
    await stage.book(hours(58, 60));
    take = await takers[taker](stage.pairs[replica]);
    // After all preparations, so that neither replica can use what it remembers.
    await stage.pairs[0].clients.availability.updateRules({ hostId: stage.hostId, seats: 2 });
  });

  /** A change that has fenced and is not yet committed. `end` lets it be, with or without its rules. */
  async function changeBehindFence(end: "commit" | "rollback") {
    const fenced = pause();
    stage.steps.fence = async (send) => {
      const answer = await send();
      await fenced.step();
      if (end === "rollback") throw new Refusal("PEER_UNAVAILABLE", "the answer is lost");
      return answer;
    };
    const changed = update(rules);
    await Promise.race([fenced.reached, changed]);
    return { changed, end: () => fenced.end() };
  }

  test("that has noted the generation and not yet asked is refused", async () => {
    const asking = pause();
    stage.steps.beforeAsk = asking.step;
    const taken = take();
    await asking.reached;
    expect(await update(rules)).toBe("accepted");
    asking.end();
    expect(await taken).toBe(refusal);
  });

  test("that has asked and not yet committed is refused", async () => {
    const committing = pause();
    stage.steps.afterAsk = committing.step;
    const taken = take();
    await committing.reached;
    expect(await update(rules)).toBe("accepted");
    committing.end();
    expect(await taken).toBe(refusal);
  });

  test("that comes between the fence and the commit waits for the commit, and is refused", async () => {
    const change = await changeBehindFence("commit");
    const taken = take();
    await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
    change.end();
    expect(await change.changed).toBe("accepted");
    expect(await taken).toBe(refusal);
  });

  test("that comes between the fence and a rollback waits for the rollback, and is accepted", async () => {
    const change = await changeBehindFence("rollback");
    const taken = take();
    await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
    change.end();
    expect(await change.changed).toBe("PEER_UNAVAILABLE");
    expect(await taken).toBe("accepted");
  });

  // At the replica of the fence it would queue before it, and nobody would wait in the database.
  test.runIf(replica === 1)("that is committing makes the fence wait, and stays", async () => {
    const commits = await stopCommitsTo(stage.pools.booking, "booking_events");
    const taken = take();
    await Promise.race([commits.reached, taken]);
    const changed = update(rules);
    await Promise.race([changed, somebodyWaits(stage.pools.booking)]);
    await commits.end();
    expect([await taken, await changed]).toEqual(["accepted", "accepted"]);
  });

  test("by what is remembered is refused: it was remembered before", async () => {
    const { clients } = stage.pairs[replica];
    await clients.bookings.listOpenSlots({ hostId: stage.hostId, ...timesOf(wanted) });
    expect(await update(rules)).toBe("accepted");
    expect(await take()).toBe(refusal);
  });
});

test("a change whose fence does not arrive changes nothing, and can be sent again", async () => {
  await openTime(stage.pairs[0].clients, stage.hostId, hours(58, 64));
  stage.steps.fence = async () => {
    throw new Refusal("PEER_UNAVAILABLE", "the fence is on its way for ever");
  };
  expect(await update({ seats: 5 })).toBe("PEER_UNAVAILABLE");
  delete stage.steps.fence;
  const { rules } = await stage.pairs[1].clients.availability.getRules({ hostId: stage.hostId });
  expect(rules).toMatchObject({ seats: 1, slotDurationMinutes: 30 });
  expect(await update({ seats: 5 })).toBe("accepted");
});

test("every change ends a generation, also one that sets what was set", async () => {
  expect(await update({ seats: 1 })).toBe("accepted");
  const before = await stage.generation();
  expect(await update({ seats: 1 })).toBe("accepted");
  expect(await stage.generation()).toBe(before + 1);
});
