/** Callers who need the same answer from Availability share one question, however little time they have and whichever of them leave. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { JOINED_WITH_MS, SHARED_GRACE_MS } from "../../services/booking/peers/shared-asks.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { hooksFor, pause, type Steps } from "../support/steps.ts";

const steps: Steps = {};
let pair: Pair;
let hostId: string;
let guestId: string;
let asks: number;

beforeAll(async () => {
  pair = await startPair({ hooks: hooksFor(steps) });
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(12) });
  asks = 0;
  steps.beforeAsk = async () => void (asks += 1);
});

afterEach(() => {
  delete steps.beforeAsk;
});

afterAll(() => pair.stop());

const eightToTwelve = { startTime: timestampFromMs(tomorrow(8)), endTime: timestampFromMs(tomorrow(12)) };

/** How long callers can join an ask whose caller began with this much time left. */
const CALLERS_LEFT_MS = 1_500;
const JOINED_FOR_MS = CALLERS_LEFT_MS + SHARED_GRACE_MS - JOINED_WITH_MS;

test("1,000 callers with a second and a half left, for a host whom nobody has asked for, are one question or a few", async () => {
  const begun = performance.now();
  const calls = Array.from({ length: 1000 }, async () =>
    pair.clients.bookings.listOpenSlots({ hostId, ...eightToTwelve }, { timeoutMs: CALLERS_LEFT_MS }).then(
      ({ slots }) => slots.length,
      () => "too late",
    ),
  );
  // A machine that is busy may not come to all of them in time ...
  expect(new Set(await Promise.all(calls)).difference(new Set([8, "too late"]))).toEqual(new Set());
  // ... and takes longer to read them all than a question may be joined.
  expect(asks).toBeLessThanOrEqual(2 + (performance.now() - begun) / JOINED_FOR_MS);
});

test("when the caller leaves for whom it was asked, those who joined get their answer", async () => {
  // A busy machine may not come to the second caller while the question can be joined.
  let joinedAfterMs = Infinity;
  while (joinedAfterMs > JOINED_WITH_MS) joinedAfterMs = await joinAndLeave(await createHost(pair.clients));
  expect(asks).toBe(1);
});

/** How long after the first caller came, at most, the second one did. */
async function joinAndLeave(host: string): Promise<number> {
  await openTime(pair.clients, host, { start: tomorrow(8), end: tomorrow(12) });
  const { bookings } = pair.clients;
  const asking = pause();
  asks = 0;
  steps.beforeAsk = async () => {
    asks += 1;
    await asking.step();
  };
  const leaving = new AbortController();
  const nineToTen = { startTime: timestampFromMs(tomorrow(9)), endTime: timestampFromMs(tomorrow(10)) };
  const begun = performance.now();
  const left = refusalOf(bookings.createBooking({ hostId: host, guestId, ...nineToTen }, { signal: leaving.signal }));
  await asking.reached;
  const stayed = bookings.listOpenSlots({ hostId: host, ...eightToTwelve });
  leaving.abort();
  expect((await left).code).toBe(Code.Canceled);
  // Behind it on the same connection: the service knows that the caller is gone, and has the one that stays.
  expect(await outcomeOf(bookings.getBooking({ bookingId: host }))).toBe("BOOKING_NOT_FOUND");
  const joinedAfterMs = performance.now() - begun;
  asking.end();
  expect((await stayed).slots).toHaveLength(8);
  return joinedAfterMs;
}
