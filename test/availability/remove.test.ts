import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  ErrorInfoSchema,
  PreconditionFailureSchema,
  RetryInfoSchema,
} from "../../shared/gen/google/rpc/error_details_pb.ts";
import type { RemoveAvailabilityResponse } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { FENCED_RANGES_MAX, FIRST_INSTANT, INSTANTS_END } from "../../shared/limits.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { hours, inHours, pieces, storedIntervals, storeOpenings } from "../support/hosts-time.ts";
import { poolOf } from "../support/pool.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { startReplicas } from "../support/replicas.ts";
import { intervalOf } from "../support/times.ts";

const ALWAYS = { start: FIRST_INSTANT, end: INSTANTS_END - 1 };

let pair: Pair;
let pool: Pool;
let hostId: string;

beforeAll(async () => {
  pair = await startPair();
  pool = poolOf(pair.availability.databaseUrl);
  pool.on("connect", (client) => client.on("error", () => undefined));
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
});

async function remove(range: Interval, requestId = ""): Promise<RemoveAvailabilityResponse> {
  return await pair.clients.availability.removeAvailability({
    hostId,
    startTime: timestampFromMs(range.start),
    endTime: timestampFromMs(range.end),
    requestId,
  });
}

async function book(range: Interval): Promise<string> {
  const { booking } = await pair.clients.bookings.createBooking({
    hostId,
    guestId: await createGuest(pair.clients),
    startTime: timestampFromMs(range.start),
    endTime: timestampFromMs(range.end),
  });
  return booking!.id;
}

const rangesOf = (messages: readonly Parameters<typeof intervalOf>[0][]): string => inHours(messages.map(intervalOf));

describe("a removal", () => {
  test.each([
    ["shrinks an interval at its start", hours(8, 9), "8-9", "9-10", "9-10 12-14"],
    ["shrinks an interval at its end", hours(9, 11), "9-10", "8-9", "8-9 12-14"],
    ["splits an interval", hours(12.5, 13), "12.5-13", "12-12.5 13-14", "8-10 12-12.5 13-14"],
    ["deletes an interval", hours(12, 14), "12-14", "", "8-10"],
    ["reaches over several intervals", hours(9, 13), "9-10 12-13", "8-9 13-14", "8-9 13-14"],
    ["of all time deletes everything", ALWAYS, "8-10 12-14", "", ""],
    ["of what is not there changes nothing", hours(10, 12), "", "", "8-10 12-14"],
  ])("%s", async (_what, range, removed, remaining, after) => {
    await openTime(pair.clients, hostId, hours(8, 10));
    await openTime(pair.clients, hostId, hours(12, 14));
    const answer = await remove(range);
    expect(rangesOf(answer.removed)).toBe(removed);
    expect(answer.removedCount).toBe(answer.removed.length);
    expect(rangesOf(answer.remaining)).toBe(remaining);
    expect(inHours(await storedIntervals(pool, hostId))).toBe(after);
  });

  test("that is repeated gets the first answer and removes nothing again", async () => {
    const requestId = randomUUID();
    await openTime(pair.clients, hostId, hours(8, 10));
    const first = await remove(hours(8, 9), requestId);
    await openTime(pair.clients, hostId, hours(8, 9));
    expect(await remove(hours(8, 9), requestId)).toEqual(first);
    expect(inHours(await storedIntervals(pool, hostId))).toBe("8-10");
  });

  test("of everything lets the host begin again with another slot duration", async () => {
    await openTime(pair.clients, hostId, hours(8, 10), 30);
    expect(await outcomeOf(openTime(pair.clients, hostId, hours(12, 14), 60))).toBe("SLOT_DURATION_MISMATCH");
    await remove(ALWAYS);
    await openTime(pair.clients, hostId, hours(12, 14), 60);
    expect(inHours(await storedIntervals(pool, hostId))).toBe("12-14");
  });

  test("of more ranges than Booking is asked about at once removes them all", async () => {
    const count = FENCED_RANGES_MAX + 10;
    await storeOpenings(pool, hostId, pieces(tomorrow(0), count, 2 * MINUTE_MS, MINUTE_MS), 1);
    expect((await remove(ALWAYS)).removedCount).toBe(count);
    expect(await storedIntervals(pool, hostId)).toEqual([]);
  });
});

describe("a removal of booked time", () => {
  test("is refused with the bookings that are in its way, and changes nothing", async () => {
    await openTime(pair.clients, hostId, hours(8, 12));
    const booked = [await book(hours(9, 9.5)), await book(hours(9.5, 10))];
    const refusal = await refusalOf(remove(hours(8.5, 9.75)));
    expect(refusal.findDetails(ErrorInfoSchema)[0]).toMatchObject({
      reason: "AVAILABILITY_BOOKED",
      metadata: { booking_count: "2" },
    });
    const [failure] = refusal.findDetails(PreconditionFailureSchema);
    expect(failure?.violations.map((violation) => violation.subject)).toEqual(booked);
    expect(inHours(await storedIntervals(pool, hostId))).toBe("8-12");
  });

  test("is possible beside the bookings", async () => {
    await openTime(pair.clients, hostId, hours(8, 12));
    await book(hours(9, 9.5));
    await remove(hours(8, 9));
    await remove(hours(9.5, 12));
    expect(inHours(await storedIntervals(pool, hostId))).toBe("9-9.5");
  });
});

test("time that is removed cannot be booked any more, and time that is added can at once", async () => {
  await openTime(pair.clients, hostId, hours(8, 10));
  await book(hours(8, 8.5));
  await remove(hours(9, 10));
  expect(await outcomeOf(book(hours(9, 9.5)))).toBe("OUTSIDE_AVAILABILITY");
  await openTime(pair.clients, hostId, hours(9, 11));
  await book(hours(10, 10.5));
});

test("without Booking nothing is removed, and additions work", async () => {
  const replicas = await startReplicas(1);
  try {
    const [clients] = replicas.clients;
    const host = await createHost(clients!);
    await openTime(clients!, host, hours(8, 10));
    const { start, end } = hours(8, 9);
    const asked = { hostId: host, startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
    const refusal = await refusalOf(clients!.availability.removeAvailability(asked));
    expect(refusal.findDetails(ErrorInfoSchema)[0]?.reason).toBe("PEER_UNAVAILABLE");
    expect(refusal.findDetails(RetryInfoSchema)).toHaveLength(1);
    expect(inHours(await storedIntervals(replicas.pool, host))).toBe("8-10");
  } finally {
    await replicas.stop();
  }
});
