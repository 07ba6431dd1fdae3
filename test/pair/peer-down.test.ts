/** What each service does while the other is gone, or accepts calls and never answers. */

import { randomUUID } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { BookingState } from "../../shared/gen/booking/v1/booking_pb.ts";
import type { Interval } from "../../shared/interval.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { endingOfHttp } from "../support/endings.ts";
import { hours } from "../support/hosts-time.ts";
import { type Link, startLink } from "../support/link.ts";
import { type Pair, type Served, startBookingService, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { outcomeOf, refusalOf } from "../support/refusals.ts";
import { admin, authorizationOf, tokenSource } from "../support/tokens.ts";
import { setEveryDay } from "./shrinking.ts";
import { expectInOrder } from "../support/violations.ts";
import { waitFor } from "../support/waits.ts";

let pair: Pair;
/** How long each fence may take that Availability has sent. */
const fenceTimeouts: number[] = [];
/** From Booking to Availability, and back. */
let links: { availability: Link; booking: Link };
/** Another replica of Booking, which remembers nothing of what the pair was asked. */
let replica: Served;
let clients: Clients;
let forgetful: Clients;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  const ports = { availability: await freePort(), booking: await freePort() };
  links = {
    availability: await startLink(`http://127.0.0.1:${ports.availability}`),
    booking: await startLink(`http://127.0.0.1:${ports.booking}`),
  };
  pair = await startPair({
    availability: { CONNECT_PORT: String(ports.availability), BOOKING_URL: links.booking.url },
    booking: { CONNECT_PORT: String(ports.booking), AVAILABILITY_URL: links.availability.url },
    hooks: {
      availability: {
        peer: (booking) => ({
          ...booking,
          fenceHost(fencedId, fence, limits) {
            fenceTimeouts.push(limits.timeoutMs);
            return booking.fenceHost(fencedId, fence, limits);
          },
        }),
      },
    },
  });
  clients = pair.clients;
});

beforeEach(async () => {
  replica = await startBookingService(pair.booking.databaseUrl, { AVAILABILITY_URL: links.availability.url });
  forgetful = connectClients(pair.availability.connectUrl, replica.connectUrl, tokenSource(admin));
  hostId = await createHost(clients);
  guestId = await createGuest(clients);
  await openTime(clients, hostId, hours(8, 12));
});

afterEach(async () => {
  links.availability.set("open");
  links.booking.set("open");
  await replica.stop();
  const databases = { availability: pair.availability.databaseUrl, booking: pair.booking.databaseUrl };
  await expectInOrder(databases, hostId);
});

afterAll(async () => {
  await pair.stop();
  await Promise.all([links.availability.close(), links.booking.close()]);
});

const timesOf = (range: Interval) => ({ startTime: timestampFromMs(range.start), endTime: timestampFromMs(range.end) });
const create = (range: Interval) => ({ hostId, guestId, ...timesOf(range) });

/** The refusal of a call that the peer would have been needed for, and how long it took. */
async function refusedForPeer(answer: Promise<unknown>): Promise<{ tookMs: number }> {
  const begun = performance.now();
  const refusal = await refusalOf(answer);
  expect(refusal.code).toBe(Code.Unavailable);
  expect(refusal.findDetails(ErrorInfoSchema)[0]?.reason).toBe("PEER_UNAVAILABLE");
  expect(refusal.findDetails(RetryInfoSchema)[0]?.retryDelay).toBeDefined();
  return { tookMs: performance.now() - begun };
}

/** Longer than the services wait for each other at most (2 s), shorter than these callers' deadline (60 s). */
const PATIENCE_MS = 30_000;

describe.each(["cut", "silent"] as const)("while Availability is %s", (state) => {
  test("creates, moves and lists of slots are refused, and the caller is told when to come again", async () => {
    const { booking } = await clients.bookings.createBooking(create(hours(8, 9)));
    links.availability.set(state);
    const took = await Promise.all([
      refusedForPeer(forgetful.bookings.createBooking(create(hours(9, 10)))),
      refusedForPeer(forgetful.bookings.createBooking({ ...create(hours(9, 10)), holdSeconds: 60 })),
      refusedForPeer(forgetful.bookings.rescheduleBooking({ bookingId: booking!.id, ...timesOf(hours(9, 10)) })),
      refusedForPeer(forgetful.bookings.listOpenSlots({ hostId, ...timesOf(hours(8, 12)) })),
    ]);
    for (const { tookMs } of took) expect(tookMs).toBeLessThan(PATIENCE_MS);
  });

  test("what needs Booking alone works: confirm, cancel, get, list, watch", async () => {
    const first = await clients.bookings.createBooking({ ...create(hours(8, 9)), holdSeconds: 600 });
    const second = await clients.bookings.createBooking(create(hours(9, 10)));
    links.availability.set(state);
    const { bookings } = forgetful;
    const confirmed = await bookings.confirmBooking({ bookingId: first.booking!.id });
    expect(confirmed.booking!.state).toBe(BookingState.CONFIRMED);
    const cancelled = await bookings.cancelBooking({ bookingId: second.booking!.id });
    expect(cancelled.booking!.state).toBe(BookingState.CANCELLED);
    expect(await bookings.getBooking({ bookingId: first.booking!.id })).toMatchObject({ booking: confirmed.booking });
    const listed = await bookings.listBookings({ hostId, ...timesOf(hours(8, 12)) });
    expect(listed.bookings).toEqual([confirmed.booking, cancelled.booking]);
    const leaving = new AbortController();
    const sequences: bigint[] = [];
    for await (const { sequence } of bookings.watchBookings(
      { hostId, afterSequence: 0n },
      { signal: leaving.signal },
    )) {
      sequences.push(sequence);
      if (sequence === listed.sequence) break;
    }
    leaving.abort();
    expect(sequences).toEqual([0n, 1n, 2n, 3n, 4n]);
  });

  test("a create that was accepted gets its first answer again", async () => {
    const request = { ...create(hours(8, 9)), requestId: randomUUID() };
    const first = await clients.bookings.createBooking(request);
    links.availability.set(state);
    expect(await forgetful.bookings.createBooking(request)).toEqual(first);
    const other = { ...request, ...timesOf(hours(9, 10)) };
    expect(await outcomeOf(forgetful.bookings.createBooking(other))).toBe("REQUEST_ID_REUSED");
  });

  test("time that a replica has seen since the last change can be booked all the same", async () => {
    await clients.bookings.createBooking(create(hours(8, 9)));
    links.availability.set(state);
    expect(await outcomeOf(clients.bookings.createBooking(create(hours(9, 10))))).toBe("accepted");
  });

  test("when it is back, everything works again", async () => {
    links.availability.set(state);
    await refusedForPeer(forgetful.bookings.createBooking(create(hours(8, 9))));
    links.availability.set("open");
    expect(await outcomeOf(forgetful.bookings.createBooking(create(hours(8, 9))))).toBe("accepted");
  });
});

describe.each(["cut", "silent", "answerless"] as const)("while Booking is %s", (state) => {
  const openHours = async (): Promise<number> => {
    const { availabilities } = await clients.availability.listAvailability({ hostId, ...timesOf(hours(0, 24)) });
    return availabilities.length;
  };

  test.each([
    ["removals", (range: Interval) => clients.availability.removeAvailability({ hostId, ...timesOf(range) })],
    ["ends of openings", (range: Interval) => clients.availability.restoreWeeklyHours({ hostId, ...timesOf(range) })],
    [
      "changes of weekly hours",
      async (range: Interval) => {
        const ranges = [hours(6, 7), range];
        links.booking.set("open");
        await setEveryDay(clients, hostId, ranges);
        links.booking.set(state);
        await setEveryDay(clients, hostId, ranges.slice(0, 1));
      },
    ],
  ])("%s are refused, and the caller is told when to come again; nothing is closed", async (_what, close) => {
    links.booking.set(state);
    const { tookMs } = await refusedForPeer(close(hours(8, 12)));
    expect(tookMs).toBeLessThan(PATIENCE_MS);
    const { availabilities } = await clients.availability.listAvailability({ hostId, ...timesOf(hours(8, 12)) });
    expect(availabilities).toMatchObject([timesOf(hours(8, 12))]);
  });

  test("additions work, and so does what needs Availability alone", async () => {
    links.booking.set(state);
    const begun = performance.now();
    await openTime(clients, hostId, hours(14, 16));
    expect(performance.now() - begun).toBeLessThan(PATIENCE_MS);
    expect(await openHours()).toBe(2);
    await clients.users.getUser({ userId: hostId });
  });

  test("a removal that was accepted gets its first answer again", async () => {
    const request = { hostId, ...timesOf(hours(8, 9)), requestId: randomUUID() };
    const first = await clients.availability.removeAvailability(request);
    links.booking.set(state);
    expect(await clients.availability.removeAvailability(request)).toEqual(first);
  });

  test("when it is back, the same removal succeeds", async () => {
    links.booking.set(state);
    const removal = { hostId, ...timesOf(hours(8, 9)), requestId: randomUUID() };
    await refusedForPeer(clients.availability.removeAvailability(removal));
    links.booking.set("open");
    expect(await outcomeOf(clients.availability.removeAvailability(removal))).toBe("accepted");
  });
});

describe("nobody waits past the own deadline", () => {
  /** Less than the services wait for each other at most. */
  const DEADLINE_MS = 700;

  /** How a call ends whose sender would wait for ever. */
  async function endingOf({ connectUrl }: Served, path: string, range: Interval): Promise<string> {
    const [startTime, endTime] = [range.start, range.end].map((at) => new Date(at).toISOString());
    const headers = { "content-type": "application/json", "connect-timeout-ms": String(DEADLINE_MS) };
    const answer = await fetch(`${connectUrl}/${path}`, {
      method: "POST",
      headers: { ...headers, ...(await authorizationOf(admin)) },
      body: JSON.stringify({ hostId, startTime, endTime, ...(path.endsWith("Booking") ? { guestId } : {}) }),
    });
    return (await endingOfHttp(answer)).code;
  }

  test("for a create, while Availability is silent", async () => {
    links.availability.set("silent");
    const ending = await endingOf(replica, "booking.v1.BookingService/CreateBooking", hours(8, 9));
    expect(ending).toBe("DEADLINE_EXCEEDED");
  });

  test.each(["silent", "answerless"] as const)(
    "for a removal, while Booking is %s: its host is kept no longer",
    async (state) => {
      links.booking.set(state);
      // A busy machine may not come to the fence in time.
      await waitFor(async () => {
        fenceTimeouts.length = 0;
        const path = "availability.v1.AvailabilityService/RemoveAvailability";
        expect(await endingOf(pair.availability, path, hours(8, 9))).toMatch(/^(DEADLINE_EXCEEDED|UNAVAILABLE)$/);
        expect(fenceTimeouts).toHaveLength(1);
      });
      expect(fenceTimeouts[0]).toBeLessThanOrEqual(DEADLINE_MS);
    },
  );
});
