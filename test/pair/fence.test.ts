/**
 * The race that the fence exists for: time is removed in one database while a guest books it in the other. Each test forces
 * one order of events, and in none may an active booking be left outside of availability. Everything runs twice: with one
 * replica of each service, and with the booking going through another replica than the removal.
 */

import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../shared/errors.ts";
import { hours } from "../support/hosts-time.ts";
import { somebodyWaits } from "../support/lock-waits.ts";
import type { Pair } from "../support/pair.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { pause } from "../support/steps.ts";
import { fenceStage, timesOf } from "./fence-stage.ts";

const stage = fenceStage();

/** The ways to take time. Each returns what takes 10 to 11, ready to be called. */
const ways = {
  create: async (pair: Pair) => async () => outcomeOf(stage.book(hours(10, 11), 0, pair)),
  hold: async (pair: Pair) => async () => outcomeOf(stage.book(hours(10, 11), 600, pair)),
  reschedule: async (pair: Pair) => {
    await openTime(pair.clients, stage.hostId, hours(6, 7));
    const bookingId = await stage.book(hours(6, 7), 0, pair);
    return async () => outcomeOf(pair.clients.bookings.rescheduleBooking({ bookingId, ...timesOf(hours(10, 11)) }));
  },
};

function fenceLost(): Refusal {
  return new Refusal("PEER_UNAVAILABLE", "the answer of the fence is lost");
}

/** A removal of 10 to 12 that has got its fence. It stands still until `goOn`, and with an error it has no answer of the fence. */
async function removalBehindFence() {
  const fenced = pause();
  let lost: Refusal | undefined;
  stage.steps.fence = async (send) => {
    const answer = await send();
    await fenced.step();
    if (lost !== undefined) throw lost;
    return answer;
  };
  const removed = stage.remove(hours(10, 12));
  await fenced.reached;
  const goOn = (error?: Refusal): void => {
    lost = error;
    fenced.end();
  };
  return { removed, goOn };
}

const replicas = [
  { through: "the same replica", replica: 0 },
  { through: "another replica", replica: 1 },
] as const;

describe.each(replicas)("a removal, and through $through", ({ replica }) => {
  describe.each(["create", "hold", "reschedule"] as const)("a %s", (way) => {
    let take: () => Promise<string>;

    beforeEach(async () => {
      take = await ways[way](stage.pairs[replica]);
      // After the way's own preparations, so that the replica remembers nothing of this time.
      await openTime(stage.pairs[0].clients, stage.hostId, hours(10, 12));
    });

    test.each([
      { what: "that has noted the generation and not yet asked is refused", step: "beforeAsk" },
      { what: "that has asked and not yet committed is refused", step: "afterAsk" },
    ] as const)("$what", async ({ step }) => {
      const stopped = pause();
      stage.steps[step] = stopped.step;
      const taken = take();
      await stopped.reached;
      expect(await stage.remove(hours(10, 12))).toBe("accepted");
      stopped.end();
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test.each([
      { ending: "commit", removal: "accepted", booking: "OUTSIDE_AVAILABILITY" },
      { ending: "rollback", removal: "PEER_UNAVAILABLE", booking: "accepted" },
    ])("that comes between the fence and the $ending waits for the $ending, and is $booking", async (expected) => {
      const { removed, goOn } = await removalBehindFence();
      const taken = take();
      await Promise.race([taken, somebodyWaits(stage.pools.availability)]);
      goOn(expected.ending === "rollback" ? fenceLost() : undefined);
      expect(await removed).toBe(expected.removal);
      expect(await taken).toBe(expected.booking);
    });

    test("that has asked before a removal which was rolled back asks again, and is accepted", async () => {
      const committing = pause();
      stage.steps.afterAsk = committing.step;
      const taken = take();
      await committing.reached;
      stage.steps.fence = async (send) => {
        await send();
        throw fenceLost();
      };
      expect(await stage.remove(hours(10, 12))).toBe("PEER_UNAVAILABLE");
      committing.end();
      expect(await taken).toBe("accepted");
    });

    test("that comes first is seen by the fence, and the removal refused", async () => {
      expect(await take()).toBe("accepted");
      expect(await stage.remove(hours(10.5, 12))).toBe("AVAILABILITY_BOOKED");
    });

    test("is refused after the removal, whatever the replica remembers from before", async () => {
      await stage.book(hours(11, 12), 0, stage.pairs[replica]);
      expect(await stage.remove(hours(10, 11))).toBe("accepted");
      expect(await take()).toBe("OUTSIDE_AVAILABILITY");
    });
  });

  test("two creates that share one ask share its generation, and are refused", async () => {
    await openTime(stage.pairs[0].clients, stage.hostId, hours(10, 12));
    const committing = pause();
    let asks = 0;
    stage.steps.afterAsk = async () => {
      asks += 1;
      await committing.step();
    };
    const taken = [stage.book(hours(10, 11), 0, stage.pairs[replica])];
    await committing.reached;
    taken.push(stage.book(hours(11, 12), 0, stage.pairs[replica]));
    const outcomes = Promise.all(taken.map((booking) => outcomeOf(booking)));
    expect(await stage.remove(hours(10, 12))).toBe("accepted");
    expect(asks).toBe(1);
    committing.end();
    expect(await outcomes).toEqual(["OUTSIDE_AVAILABILITY", "OUTSIDE_AVAILABILITY"]);
  });

  test("a confirmation of a hold: the removal is refused, the hold confirmed", async () => {
    await openTime(stage.pairs[0].clients, stage.hostId, hours(10, 12));
    const bookingId = await stage.book(hours(10, 11), 600, stage.pairs[replica]);
    const { removed, goOn } = await removalBehindFence();
    expect(await outcomeOf(stage.pairs[replica].clients.bookings.confirmBooking({ bookingId }))).toBe("accepted");
    goOn();
    expect(await removed).toBe("AVAILABILITY_BOOKED");
  });
});
