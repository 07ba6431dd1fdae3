/**
 * The race that the fence exists for: time is removed in one database while somebody books it in another. Each test forces
 * one order of events, and in none may an active booking be left outside of availability. Everything runs twice: with one
 * replica of each service, and with the booking going through another replica than the removal.
 */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FenceAnswer } from "../../services/availability/peers/booking.ts";
import { Refusal } from "../../shared/errors.ts";
import type { Interval } from "../../shared/interval.ts";
import { hours } from "../support/hosts-time.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { outcomeOf } from "../support/refusals.ts";
import { hooksFor, pause, type Steps } from "../support/steps.ts";
import { expectInOrder } from "../support/violations.ts";

const steps: Steps = {};
let pairs: [Pair, Pair];
let pools: { availability: Pool; booking: Pool };
let hostId: string;
let guestId: string;

beforeAll(async () => {
  const first = await startPair({ hooks: hooksFor(steps) });
  const databases = { availability: first.availability.databaseUrl, booking: first.booking.databaseUrl };
  pairs = [first, await startPair({ databases, hooks: hooksFor(steps) })];
  pools = { availability: poolOf(databases.availability), booking: poolOf(databases.booking) };
});

beforeEach(async () => {
  hostId = await createHost(pairs[0].clients);
  guestId = await createGuest(pairs[0].clients);
});

afterEach(async () => {
  for (const step of Object.keys(steps) as (keyof Steps)[]) delete steps[step];
  const databases = { availability: pairs[0].availability.databaseUrl, booking: pairs[0].booking.databaseUrl };
  await expectInOrder(databases, hostId);
});

afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
  await pairs[1].stop();
  await pairs[0].stop();
});

const timesOf = (range: Interval) => ({ startTime: timestampFromMs(range.start), endTime: timestampFromMs(range.end) });

async function book(range: Interval, holdSeconds = 0, pair = pairs[0]): Promise<string> {
  const { booking } = await pair.clients.bookings.createBooking({ hostId, guestId, ...timesOf(range), holdSeconds });
  return booking!.id;
}

/** Removes through the first pair. */
function remove(range: Interval): Promise<string> {
  return outcomeOf(pairs[0].clients.availability.removeAvailability({ hostId, ...timesOf(range) }));
}

async function generation(): Promise<number> {
  const { rows } = await pools.booking.query<{ generation: number }>(
    "select generation::int from hosts where host_id = $1",
    [hostId],
  );
  return rows[0]?.generation ?? 0;
}

/** The ways to take time. Each returns what takes 10 to 11, ready to be called. */
const ways = {
  create: async (pair: Pair) => async () => outcomeOf(book(hours(10, 11), 0, pair)),
  hold: async (pair: Pair) => async () => outcomeOf(book(hours(10, 11), 600, pair)),
  reschedule: async (pair: Pair) => {
    await openTime(pair.clients, hostId, hours(6, 7));
    const bookingId = await book(hours(6, 7), 0, pair);
    return async () => outcomeOf(pair.clients.bookings.rescheduleBooking({ bookingId, ...timesOf(hours(10, 11)) }));
  },
};

const replicas = [
  { through: "the same replica", replica: 0 },
  { through: "another replica", replica: 1 },
] as const;

describe.each(replicas)("a removal, and through $through", ({ replica }) => {
  describe.each(["create", "hold", "reschedule"] as const)("a %s", (way) => {
    let take: () => Promise<string>;

    beforeEach(async () => {
      take = await ways[way](pairs[replica]);
      // After the way's own preparations, so that the replica remembers nothing of this time.
      await openTime(pairs[0].clients, hostId, hours(10, 12));
    });

    test("that has noted the generation and not yet asked is refused", async () => {
      const asking = pause();
      steps.beforeAsk = asking.step;
      const taken = take();
      await asking.reached;
      expect(await remove(hours(10, 12))).toBe("accepted");
      asking.end();
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that has asked and not yet committed is refused", async () => {
      const committing = pause();
      steps.afterAsk = committing.step;
      const taken = take();
      await committing.reached;
      expect(await remove(hours(10, 12))).toBe("accepted");
      committing.end();
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that comes between the fence and the commit waits for the commit, and is refused", async () => {
      const fenced = pause();
      steps.fence = async (send) => {
        const answer = await send();
        await fenced.step();
        return answer;
      };
      const removed = remove(hours(10, 12));
      await fenced.reached;
      const taken = take();
      await Promise.race([taken, somebodyWaits(pools.availability)]);
      fenced.end();
      expect(await removed).toBe("accepted");
      expect(await taken).toBe("OUTSIDE_AVAILABILITY");
    });

    test("that comes between the fence and a rollback waits for the rollback, and is accepted", async () => {
      const fenced = pause();
      steps.fence = async (send) => {
        await send();
        await fenced.step();
        throw new Refusal("PEER_UNAVAILABLE", "the answer of the fence is lost");
      };
      const removed = remove(hours(10, 12));
      await fenced.reached;
      const taken = take();
      await Promise.race([taken, somebodyWaits(pools.availability)]);
      fenced.end();
      expect(await removed).toBe("PEER_UNAVAILABLE");
      expect(await taken).toBe("accepted");
    });

    test("that has asked before a removal which was rolled back asks again, and is accepted", async () => {
      const committing = pause();
      steps.afterAsk = committing.step;
      const taken = take();
      await committing.reached;
      steps.fence = async (send) => {
        await send();
        throw new Refusal("PEER_UNAVAILABLE", "the answer of the fence is lost");
      };
      expect(await remove(hours(10, 12))).toBe("PEER_UNAVAILABLE");
      committing.end();
      expect(await taken).toBe("accepted");
    });

    test("that comes first is seen by the fence, and the removal refused", async () => {
      expect(await take()).toBe("accepted");
      expect(await remove(hours(10.5, 12))).toBe("AVAILABILITY_BOOKED");
    });

    test("is refused after the removal, whatever the replica remembers from before", async () => {
      await book(hours(11, 12), 0, pairs[replica]);
      expect(await remove(hours(10, 11))).toBe("accepted");
      expect(await take()).toBe("OUTSIDE_AVAILABILITY");
    });
  });

  test("two creates that share one ask share its generation, and are refused", async () => {
    await openTime(pairs[0].clients, hostId, hours(10, 12));
    const committing = pause();
    let asks = 0;
    steps.afterAsk = async () => {
      asks += 1;
      await committing.step();
    };
    const taken = [book(hours(10, 11), 0, pairs[replica])];
    await committing.reached;
    taken.push(book(hours(11, 12), 0, pairs[replica]));
    const outcomes = Promise.all(taken.map((booking) => outcomeOf(booking)));
    expect(await remove(hours(10, 12))).toBe("accepted");
    expect(asks).toBe(1);
    committing.end();
    expect(await outcomes).toEqual(["OUTSIDE_AVAILABILITY", "OUTSIDE_AVAILABILITY"]);
  });

  test("a confirmation of a hold: the removal is refused, the hold confirmed", async () => {
    await openTime(pairs[0].clients, hostId, hours(10, 12));
    const bookingId = await book(hours(10, 11), 600, pairs[replica]);
    const fenced = pause();
    steps.fence = async (send) => {
      const answer = await send();
      await fenced.step();
      return answer;
    };
    const removed = remove(hours(10, 12));
    await fenced.reached;
    expect(await outcomeOf(pairs[replica].clients.bookings.confirmBooking({ bookingId }))).toBe("accepted");
    fenced.end();
    expect(await removed).toBe("AVAILABILITY_BOOKED");
  });
});

describe("a fence", () => {
  beforeEach(() => openTime(pairs[0].clients, hostId, hours(10, 12)));

  /** A removal whose fence does not arrive. Returns what delivers it. */
  async function removalWithLostFence(): Promise<() => Promise<FenceAnswer>> {
    const sent = Promise.withResolvers<() => Promise<FenceAnswer>>();
    steps.fence = async (send) => {
      sent.resolve(send);
      throw new Refusal("PEER_UNAVAILABLE", "the fence is on its way for ever");
    };
    expect(await remove(hours(10, 12))).toBe("PEER_UNAVAILABLE");
    delete steps.fence;
    return await sent.promise;
  }

  test("that arrives after its removal was given up harms neither what is booked nor what will be", async () => {
    const deliver = await removalWithLostFence();
    const booked = await book(hours(10, 11));
    const before = await generation();
    expect(await deliver()).toEqual({ bookingIds: [booked], bookingCount: 1 });
    expect(await generation()).toBe(before + 1);
    await book(hours(11, 12));
  });

  test("that arrives late, between an ask and its commit, costs another ask", async () => {
    const deliver = await removalWithLostFence();
    const committing = pause();
    let asks = 0;
    steps.afterAsk = async () => {
      asks += 1;
      await committing.step();
    };
    const taken = outcomeOf(book(hours(10, 11)));
    await committing.reached;
    await deliver();
    committing.end();
    expect(await taken).toBe("accepted");
    expect(asks).toBe(2);
  });

  test("that arrives after a second removal has succeeded and the time is open again harms nothing", async () => {
    const deliver = await removalWithLostFence();
    expect(await remove(hours(10, 12))).toBe("accepted");
    await openTime(pairs[0].clients, hostId, hours(10, 12));
    await book(hours(10, 11));
    await deliver();
    await book(hours(11, 12));
  });

  test("that is delivered twice ends two generations, and the removal is right", async () => {
    const before = await generation();
    steps.fence = async (send) => {
      await send();
      return await send();
    };
    expect(await remove(hours(10, 12))).toBe("accepted");
    expect(await generation()).toBe(before + 2);
    expect(await outcomeOf(book(hours(10, 11)))).toBe("OUTSIDE_AVAILABILITY");
  });

  test("waits for a booking that another replica is about to commit, and sees it", async () => {
    const commits = await stopCommitsTo(pools.booking, "bookings");
    const taken = outcomeOf(book(hours(10, 11), 0, pairs[1]));
    await commits.reached;
    const removed = remove(hours(10, 12));
    await Promise.race([removed, somebodyWaits(pools.booking)]);
    await commits.end();
    expect(await taken).toBe("accepted");
    expect(await removed).toBe("AVAILABILITY_BOOKED");
  });
});

describe("time that is added while its announcement is lost", () => {
  // A refusal on what is remembered is not final: Availability is asked once more, after the caller came.
  test.each([
    ["apart from the rest", hours(14, 15), hours(14, 15), "OUTSIDE_AVAILABILITY"],
    ["so that the grid moves", hours(9.75, 10), hours(10.25, 10.75), "OFF_GRID"],
  ])("%s can be booked at once", async (_how, added, booked, before) => {
    await openTime(pairs[0].clients, hostId, hours(10, 12));
    expect(await outcomeOf(book(booked))).toBe(before);
    let lost = 0;
    steps.fence = async () => {
      lost += 1;
      throw new Refusal("PEER_UNAVAILABLE", "the announcement is lost");
    };
    await openTime(pairs[0].clients, hostId, added);
    expect(lost).toBe(1);
    expect(await outcomeOf(book(booked))).toBe("accepted");
  });
});

describe.each([
  ["confirmed", 0],
  ["held", 600],
])("of a booking from 10 to 11 that is %s, the removal", (_state, holdSeconds) => {
  beforeEach(async () => {
    await openTime(pairs[0].clients, hostId, hours(8, 14));
    await book(hours(10, 11), holdSeconds);
  });

  test.each([
    ["of exactly its time", hours(10, 11)],
    ["of all around it", hours(9, 12)],
    ["of its middle", hours(10.25, 10.75)],
    ["of its beginning", hours(9, 10.5)],
    ["of its end", hours(10.5, 12)],
    ["of its last millisecond", { start: hours(0, 11).end - 1, end: hours(0, 12).end }],
  ])("%s is refused", async (_what, range) => {
    expect(await remove(range)).toBe("AVAILABILITY_BOOKED");
  });

  test("of what only touches it succeeds", async () => {
    expect(await remove(hours(9, 10))).toBe("accepted");
    expect(await remove(hours(11, 12))).toBe("accepted");
  });
});
