/** Fences that are late, doubled or lost, and what a removal is refused for. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, test } from "vitest";
import type { FenceAnswer } from "../../services/availability/peers/booking.ts";
import { Refusal } from "../../shared/errors.ts";
import type { FenceHostRequestSchema, FenceHostResponse } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { fencingClients } from "../support/fencing-clients.ts";
import { hours } from "../support/hosts-time.ts";
import { somebodyWaits, stopCommitsTo } from "../support/lock-waits.ts";
import { openTime } from "../support/people.ts";
import { outcomeOf } from "../support/refusals.ts";
import { atFence, type FenceKind, pause } from "../support/steps.ts";
import { fenceStage } from "./fence-stage.ts";
import { type Shrinking, shrinkingBy, ways } from "./shrinking.ts";
import { timesOf } from "../support/times.ts";

const stage = fenceStage();

describe.each(ways)("a fence of $call for $at", ({ call, at }) => {
  let shrinking: Shrinking;

  beforeEach(async () => {
    shrinking = await shrinkingBy({ call, at }, stage);
    await shrinking.open(hours(10, 12));
  });

  /** A change whose fence does not arrive. Returns what delivers it. */
  async function changeWithLostFence(): Promise<() => Promise<FenceAnswer>> {
    const sent = Promise.withResolvers<() => Promise<FenceAnswer>>();
    stage.steps.fence = atFence(at, async (send) => {
      sent.resolve(send);
      throw new Refusal("PEER_UNAVAILABLE", "the fence is on its way for ever");
    });
    expect(await shrinking.close(hours(10, 12))).toBe("PEER_UNAVAILABLE");
    delete stage.steps.fence;
    return await sent.promise;
  }

  test("that arrives after its change was given up harms neither what is booked nor what will be", async () => {
    const deliver = await changeWithLostFence();
    const booked = await stage.book(hours(10, 11));
    const before = await stage.generation();
    const answers: Record<FenceKind, Partial<FenceAnswer>> = {
      ranges: { bookings: [{ id: booked, ...hours(10, 11) }], bookingCount: 1, lastBookingEnd: undefined },
      "last booking": { bookings: [], bookingCount: 0, lastBookingEnd: hours(10, 11).end },
      announcement: {},
    };
    expect(await deliver()).toEqual(answers[at]);
    expect(await stage.generation()).toBe(before + 1);
    await stage.book(hours(11, 12));
  });

  test("that arrives late, between an ask and its commit, costs another ask", async () => {
    const deliver = await changeWithLostFence();
    const committing = pause();
    let asks = 0;
    stage.steps.afterAsk = async () => {
      asks += 1;
      await committing.step();
    };
    const taken = outcomeOf(stage.book(hours(10, 11)));
    await committing.reached;
    await deliver();
    committing.end();
    expect(await taken).toBe("accepted");
    expect(asks).toBe(2);
  });

  test("that arrives after a second change has succeeded and the time is open again harms nothing", async () => {
    const deliver = await changeWithLostFence();
    expect(await shrinking.close(hours(10, 12))).toBe("accepted");
    await shrinking.open(hours(10, 12));
    await stage.book(hours(10, 11));
    await deliver();
    await stage.book(hours(11, 12));
  });

  test("that is delivered twice ends two generations, and the change is right", async () => {
    const before = await stage.generation();
    const others: FenceKind[] = [];
    stage.steps.fence = async (send, kind) => {
      if (kind === at) await send();
      else others.push(kind);
      return await send();
    };
    expect(await shrinking.close(hours(10, 12))).toBe("accepted");
    expect(await stage.generation()).toBe(before + 2 + others.length);
    expect(await outcomeOf(stage.book(hours(10, 11)))).toBe("OUTSIDE_AVAILABILITY");
  });

  test("waits for a booking that another replica is about to commit, and sees it", async () => {
    const commits = await stopCommitsTo(stage.pools.booking, "bookings");
    const taken = outcomeOf(stage.book(hours(10, 11), 0, stage.pairs[1]));
    await commits.reached;
    const closed = shrinking.close(hours(10, 12));
    await Promise.race([closed, somebodyWaits(stage.pools.booking)]);
    await commits.end();
    expect(await taken).toBe("accepted");
    expect(await closed).toBe("AVAILABILITY_BOOKED");
  });
});

describe("the answer of a fence", () => {
  const fence = async (asked: MessageInitShape<typeof FenceHostRequestSchema>): Promise<FenceHostResponse> =>
    fencingClients(stage.pairs[0]).fence.fenceHost({ hostId: stage.hostId, ...asked });

  test("names the bookings in the ranges with their time, and the end of the last one, in them or not", async () => {
    await openTime(stage.pairs[0].clients, stage.hostId, hours(8, 14));
    const [confirmed, held] = [await stage.book(hours(9, 10)), await stage.book(hours(10, 11), 600)];
    await stage.book(hours(12, 13), 600);
    const answer = await fence({ ranges: [timesOf(hours(8, 10.5))], findLastBooking: true });
    expect(answer.bookings).toMatchObject([
      { bookingId: confirmed, ...timesOf(hours(9, 10)) },
      { bookingId: held, ...timesOf(hours(10, 11)) },
    ]);
    expect(answer).toMatchObject({ bookingCount: 2, lastBookingEndTime: timestampFromMs(hours(12, 13).end) });
  });

  test("has no last end where the host has no booking, or only cancelled ones, and where nobody asks", async () => {
    const lastEnd = async (findLastBooking: boolean): Promise<unknown> =>
      (await fence({ findLastBooking })).lastBookingEndTime;
    expect(await lastEnd(true)).toBeUndefined();
    await openTime(stage.pairs[0].clients, stage.hostId, hours(8, 14));
    const bookingId = await stage.book(hours(9, 10));
    expect(await lastEnd(false)).toBeUndefined();
    expect(await lastEnd(true)).toEqual(timestampFromMs(hours(9, 10).end));
    await stage.pairs[0].clients.bookings.cancelBooking({ bookingId });
    expect(await lastEnd(true)).toBeUndefined();
  });

  test.each([
    ["as many as it asks for", 1, 1],
    ["20 where it does not say", 0, 20],
    ["all where it may be as many", 500, 21],
  ])("lists %s, and counts all", async (_how, maxBookings, listed) => {
    await openTime(stage.pairs[0].clients, stage.hostId, hours(0, 11));
    for (let half = 0; half < 21; half += 1) await stage.book(hours(half / 2, half / 2 + 0.5));
    const answer = await fence({ ranges: [timesOf(hours(0, 11))], maxBookings });
    expect([answer.bookings.length, answer.bookingCount]).toEqual([listed, 21]);
  });
});

describe("time that is added while its announcement is lost", () => {
  // A refusal on what is remembered is not final: Availability is asked once more, after the caller came.
  test.each([
    ["apart from the rest", hours(14, 15), hours(14, 15), "OUTSIDE_AVAILABILITY"],
    ["so that the grid moves", hours(9.75, 10), hours(10.25, 10.75), "OFF_GRID"],
  ])("%s can be booked at once", async (_how, added, booked, before) => {
    await openTime(stage.pairs[0].clients, stage.hostId, hours(10, 12));
    expect(await outcomeOf(stage.book(booked))).toBe(before);
    let lost = 0;
    stage.steps.fence = async () => {
      lost += 1;
      throw new Refusal("PEER_UNAVAILABLE", "the announcement is lost");
    };
    await openTime(stage.pairs[0].clients, stage.hostId, added);
    expect(lost).toBe(1);
    expect(await outcomeOf(stage.book(booked))).toBe("accepted");
  });
});

/** Each call once. */
const calls = ways.filter(({ at }) => at === "ranges");

describe.each(
  calls.flatMap((way) => [
    { ...way, state: "confirmed", holdSeconds: 0 },
    { ...way, state: "held", holdSeconds: 600 },
  ]),
)("of a booking from 10 to 11 that is $state, the removal by $call", ({ holdSeconds, ...way }) => {
  let shrinking: Shrinking;

  beforeEach(async () => {
    shrinking = await shrinkingBy(way, stage);
    await shrinking.open(hours(8, 14));
    await stage.book(hours(10, 11), holdSeconds);
  });

  test.each([
    ["of exactly its time", hours(10, 11)],
    ["of all around it", hours(9, 12)],
    ["of its middle", hours(10.25, 10.75)],
    ["of its beginning", hours(9, 10.5)],
    ["of its end", hours(10.5, 12)],
    ["of its last minute", { start: hours(0, 11).end - MINUTE_MS, end: hours(0, 12).end }],
  ])("%s is refused", async (_what, range) => {
    expect(await shrinking.close(range)).toBe("AVAILABILITY_BOOKED");
  });

  test("of what only touches it succeeds", async () => {
    expect(await shrinking.close(hours(9, 10))).toBe("accepted");
    expect(await shrinking.close(hours(11, 12))).toBe("accepted");
  });
});

test("the removal of a booking's last millisecond is refused", async () => {
  await openTime(stage.pairs[0].clients, stage.hostId, hours(8, 14));
  await stage.book(hours(10, 11));
  expect(await stage.remove({ start: hours(0, 11).end - 1, end: hours(0, 12).end })).toBe("AVAILABILITY_BOOKED");
});
