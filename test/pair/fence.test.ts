/**
 * The race that the fence exists for: time goes in one database while a guest books it in the other. Each test forces one order
 * of events, and in none may an active booking be left outside of open time. Everything runs with each call that takes time
 * away and at each of its fences, with one replica of each service, and with the booking going through another replica.
 */

import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../shared/errors.ts";
import { hours } from "../support/hosts-time.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import type { Pair } from "../support/pair.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { announcementsLost, atFence, pause } from "../support/steps.ts";
import { fenceStage } from "./fence-stage.ts";
import { type Shrinking, shrinkingBy, ways } from "./shrinking.ts";
import { timesOf } from "../support/times.ts";

const stage = fenceStage();

/** What takes time. Each returns what takes 10 to 11, ready to be called. */
const takers = {
  create: async (pair: Pair) => async () => outcomeOf(stage.book(hours(10, 11), 0, pair)),
  hold: async (pair: Pair) => async () => outcomeOf(stage.book(hours(10, 11), 600, pair)),
  reschedule: async (pair: Pair) => {
    await openTime(pair.clients, stage.hostId, hours(6, 7));
    const bookingId = await stage.book(hours(6, 7), 0, pair);
    return async () => outcomeOf(pair.clients.bookings.rescheduleBooking({ bookingId, ...timesOf(hours(10, 11)) }));
  },
};

const stages = ways.flatMap((way) => [
  { ...way, through: "the same replica", replica: 0 as const },
  { ...way, through: "another replica", replica: 1 as const },
]);

describe.each(stages)("$call at its fence for $at, and through $through", ({ replica, ...way }) => {
  let shrinking: Shrinking;

  beforeEach(async () => {
    shrinking = await shrinkingBy(way, stage);
  });

  describe.each(["create", "hold", "reschedule"] as const)("a %s", (taker) => {
    let take: () => Promise<string>;

    beforeEach(async () => {
      take = await takers[taker](stage.pairs[replica]);
      // After the taker's own preparations, so that the replica remembers nothing of this time.
      await shrinking.open(hours(10, 12));
    });

    test("that has noted the generation and not yet asked is refused", async () => {
      const asking = pause();
      stage.steps.beforeAsk = asking.step;
      const taken = take();
      await asking.reached;
      expect(await shrinking.close(hours(10, 12))).toBe("accepted");
      asking.end();
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that has asked and not yet committed is refused", async () => {
      const committing = pause();
      stage.steps.afterAsk = committing.step;
      stage.steps.fence = announcementsLost;
      const taken = take();
      await committing.reached;
      expect(await shrinking.close(hours(10, 12))).toBe("accepted");
      committing.end();
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that comes between the fence and the commit waits for the commit, and is refused", async () => {
      const fenced = pause();
      stage.steps.fence = atFence(way.at, async (send) => {
        const answer = await send();
        await fenced.step();
        return answer;
      });
      const closed = shrinking.close(hours(10, 12));
      await Promise.race([fenced.reached, closed]);
      const taken = take();
      await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
      fenced.end();
      expect(await closed).toBe("accepted");
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that has asked and comes to its commit between the fence and the commit asks again, and is refused", async () => {
      const [committing, fenced] = [pause(), pause()];
      stage.steps.afterAsk = committing.step;
      const taken = take();
      await committing.reached;
      stage.steps.fence = atFence(way.at, async (send) => {
        const answer = await send();
        await fenced.step();
        return answer;
      });
      const closed = shrinking.close(hours(10, 12));
      await Promise.race([fenced.reached, closed]);
      committing.end();
      await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
      fenced.end();
      expect(await closed).toBe("accepted");
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that comes between the fence and a rollback waits for the rollback, and is accepted", async () => {
      const fenced = pause();
      stage.steps.fence = atFence(way.at, async (send) => {
        await send();
        await fenced.step();
        throw new Refusal("PEER_UNAVAILABLE", "the answer of the fence is lost");
      });
      const closed = shrinking.close(hours(10, 12));
      await Promise.race([fenced.reached, closed]);
      const taken = take();
      await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
      fenced.end();
      expect(await closed).toBe("PEER_UNAVAILABLE");
      expect(await taken).toBe("accepted");
    });

    test("that has asked before a change that was rolled back asks again, and is accepted", async () => {
      const committing = pause();
      stage.steps.afterAsk = committing.step;
      const taken = take();
      await committing.reached;
      stage.steps.fence = atFence(way.at, async (send) => {
        await send();
        throw new Refusal("PEER_UNAVAILABLE", "the answer of the fence is lost");
      });
      expect(await shrinking.close(hours(10, 12))).toBe("PEER_UNAVAILABLE");
      committing.end();
      expect(await taken).toBe("accepted");
    });

    test("that comes first is seen by the fence, and the change refused", async () => {
      expect(await take()).toBe("accepted");
      expect(await shrinking.close(hours(10.5, 12))).toBe("AVAILABILITY_BOOKED");
    });

    test("is refused after the change, whatever the replica remembers from before", async () => {
      await stage.book(hours(11, 12), 0, stage.pairs[replica]);
      expect(await shrinking.close(hours(10, 11))).toBe("accepted");
      expect(await take()).toBe("OUTSIDE_AVAILABILITY");
    });
  });

  test("two creates that share one ask share its generation, and are refused", async () => {
    await shrinking.open(hours(10, 12));
    const committing = pause();
    let asks = 0;
    stage.steps.fence = announcementsLost;
    stage.steps.afterAsk = async () => {
      asks += 1;
      await committing.step();
    };
    const taken = [stage.book(hours(10, 11), 0, stage.pairs[replica])];
    await committing.reached;
    taken.push(stage.book(hours(11, 12), 0, stage.pairs[replica]));
    const outcomes = Promise.all(taken.map((booking) => outcomeOf(booking)));
    expect(await shrinking.close(hours(10, 12))).toBe("accepted");
    expect(asks).toBe(1);
    committing.end();
    expect(await outcomes).toEqual(["OUTSIDE_AVAILABILITY", "OUTSIDE_AVAILABILITY"]);
  });

  test("a confirmation of a hold: the change is refused, the hold confirmed", async () => {
    await shrinking.open(hours(10, 12));
    const bookingId = await stage.book(hours(10, 11), 600, stage.pairs[replica]);
    const fenced = pause();
    stage.steps.fence = atFence(way.at, async (send) => {
      const answer = await send();
      await fenced.step();
      return answer;
    });
    const closed = shrinking.close(hours(10, 12));
    await Promise.race([fenced.reached, closed]);
    expect(await outcomeOf(stage.pairs[replica].clients.bookings.confirmBooking({ bookingId }))).toBe("accepted");
    fenced.end();
    expect(await closed).toBe("AVAILABILITY_BOOKED");
  });
});
