/**
 * Processes and databases that are killed at the worst moments. Each test ends with the two databases in order and the pair at
 * work again, without anybody having repaired anything.
 */

import { randomUUID } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { Booked } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { difference, type Interval } from "../../shared/interval.ts";
import { connectClients } from "../support/clients.ts";
import { hours, inHours } from "../support/hosts-time.ts";
import { stopCommitsTo } from "../support/lock-waits.ts";
import { startAvailabilityService } from "../support/pair.ts";
import { openTime } from "../support/people.ts";
import { admin, tokenSource } from "../support/tokens.ts";
import { watchBookings } from "../support/watching.ts";
import { crashStage, endOf, persistently } from "./crash-stage.ts";
import { setEveryDay } from "./shrinking.ts";
import { timesOf } from "../support/times.ts";

const stage = crashStage();

/** What is open tomorrow. */
async function open(): Promise<string> {
  const { clients, hostId } = stage;
  const { availabilities } = await clients.availability.listAvailability({ hostId, ...timesOf(hours(0, 24)) });
  return inHours(
    availabilities.map(({ startTime, endTime }) => ({ start: timestampMs(startTime!), end: timestampMs(endTime!) })),
  );
}

/** The calls that take time away from a host that is open from 8 to 12, by openings or every day. */
const calls = {
  RemoveAvailability: {
    begin: () => openTime(stage.clients, stage.hostId, hours(8, 12)),
    close: (range: Interval, requestId: string) =>
      stage.clients.availability.removeAvailability({ hostId: stage.hostId, ...timesOf(range), requestId }),
  },
  SetWeeklyHours: {
    begin: () => setEveryDay(stage.clients, stage.hostId, [hours(8, 12)]),
    close: (range: Interval, requestId: string) =>
      setEveryDay(stage.clients, stage.hostId, difference([hours(8, 12)], [range]), { requestId }),
  },
};

describe.each(["RemoveAvailability", "SetWeeklyHours"] as const)("under a %s", (call) => {
  const close = (range: Interval, requestId = randomUUID()): Promise<string> =>
    endOf(calls[call].close(range, requestId));

  beforeEach(() => calls[call].begin());

  test("Availability is killed between the fence and its commit: nothing is closed", async () => {
    const { ended } = await stage.withFence(() => close(hours(8, 12)));
    await stage.crash("availability");
    expect(await ended).toBe("failed");
    stage.link.set("open");
    expect(await persistently(() => stage.book(hours(8, 9)))).toBe("accepted");
    expect(await persistently(() => close(hours(8, 12)))).toBe("AVAILABILITY_BOOKED");
    expect(await persistently(() => close(hours(9, 12)))).toBe("accepted");
  });

  test("Availability hangs between the fence and its commit: others can change the host again, and nothing is closed", async () => {
    const other = await startAvailabilityService(stage.databaseUrls.availability, {
      BOOKING_URL: stage.services.booking.connectUrl,
    });
    const elsewhere = connectClients(
      other.connectUrl,
      stage.services.booking.connectUrl,
      tokenSource(admin),
    ).availability;
    const add = { hostId: stage.hostId, ...timesOf(hours(14, 15)), slotDurationMinutes: 30 };
    const { ended } = await stage.withFence(() => close(hours(8, 12)));
    stage.services.availability.suspend();
    onTestFinished(() => stage.services.availability.resume());
    stage.link.set("open");
    expect(await endOf(elsewhere.addAvailability(add))).toBe("BUSY");
    expect(await persistently(() => endOf(elsewhere.addAvailability(add)))).toBe("accepted");
    stage.services.availability.resume();
    expect(["BUSY", "OUTCOME_UNKNOWN", "PEER_UNAVAILABLE"]).toContain(await ended);
    expect(await open()).toBe("8-12 14-15");
    expect(await persistently(() => stage.book(hours(8, 9)))).toBe("accepted");
    expect(await persistently(() => close(hours(9, 12)))).toBe("accepted");
    await other.stop();
  });

  test("Availability is killed while its commit is under way: the change is done, and nobody books its time", async () => {
    const commits = await stopCommitsTo(stage.pools.availability, "requests");
    const requestId = randomUUID();
    const ended = close(hours(8, 12), requestId);
    await commits.reached;
    await stage.crash("availability");
    const booked = persistently(() => stage.book(hours(8, 9)));
    await commits.end();
    expect(await ended).toBe("failed");
    // The ask waited for the lock of a transaction whose client is long gone.
    expect(await booked).toBe("OUTSIDE_AVAILABILITY");
    expect(await close(hours(8, 12), requestId)).toBe("accepted");
  });

  test("Booking is killed after the fence's commit and before its answer: the change is refused, and can be repeated", async () => {
    const { ended } = await stage.withFence(() => close(hours(8, 12)));
    await stage.crash("booking");
    stage.link.set("cut");
    expect(await ended).toBe("PEER_UNAVAILABLE");
    stage.link.set("open");
    expect(await persistently(() => stage.book(hours(8, 9)))).toBe("accepted");
    expect(await persistently(() => close(hours(9, 12)))).toBe("accepted");
    expect(await persistently(() => stage.book(hours(9, 10)))).toBe("OUTSIDE_AVAILABILITY");
  });

  test("PostgreSQL is killed with the change open: nothing is closed, both services go on, and so do streams", async () => {
    const watching = await watchBookings(stage.clients.bookings, stage.hostId);
    const { ended } = await stage.withFence(() => close(hours(8, 12)));
    await stage.crashPostgres();
    stage.link.set("open");
    expect(["BUSY", "OUTCOME_UNKNOWN", "PEER_UNAVAILABLE"]).toContain(await ended);
    expect(await persistently(() => stage.book(hours(8, 9)))).toBe("accepted");
    expect(await persistently(() => close(hours(8, 12)))).toBe("AVAILABILITY_BOOKED");
    expect(await persistently(() => close(hours(9, 12)))).toBe("accepted");
    await watching.reaches(1);
    watching.leave();
  }, 60_000);
});

describe("under a change of hours that keeps what is booked", () => {
  const keep = async (requestId = randomUUID()): Promise<string> =>
    endOf(setEveryDay(stage.clients, stage.hostId, [hours(10, 12)], { booked: Booked.KEEP, requestId }));

  beforeEach(async () => {
    await setEveryDay(stage.clients, stage.hostId, [hours(8, 12)]);
    await persistently(() => stage.book(hours(8, 9)));
  });

  test.each(["availability", "booking"] as const)(
    "%s is killed before the commit: nothing is closed",
    async (service) => {
      const { ended } = await stage.withFence(keep);
      await stage.crash(service);
      stage.link.set("cut");
      expect(["failed", "PEER_UNAVAILABLE"]).toContain(await ended);
      stage.link.set("open");
      expect(await open()).toBe("8-12");
      expect(await persistently(() => stage.book(hours(9, 10)))).toBe("accepted");
      expect(await persistently(keep)).toBe("accepted");
      expect(await open()).toBe("8-12");
    },
  );

  test("Availability is killed while its commit is under way: the hours are set, and the booking's time is open", async () => {
    const commits = await stopCommitsTo(stage.pools.availability, "requests");
    const requestId = randomUUID();
    const ended = keep(requestId);
    await commits.reached;
    await stage.crash("availability");
    await commits.end();
    expect(await ended).toBe("failed");
    expect(await persistently(() => keep(requestId))).toBe("accepted");
    expect(await open()).toBe("8-9 10-12");
    expect(await persistently(() => stage.book(hours(9, 10)))).toBe("OUTSIDE_AVAILABILITY");
  });
});

test("Booking is killed in the middle of 500 creates: when all are repeated, each is there exactly once", async () => {
  await openTime(stage.clients, stage.hostId, hours(24, 24 + 250));
  const requests = Array.from({ length: 500 }, (_, slot) => ({
    hostId: stage.hostId,
    guestId: stage.guestId,
    ...timesOf(hours(24 + slot / 2, 24 + slot / 2 + 0.5)),
    requestId: randomUUID(),
  }));
  const answered = new Map<string, string>();
  const create = async (request: (typeof requests)[number]): Promise<void> => {
    const { booking } = await stage.clients.bookings.createBooking(request);
    const first = answered.get(request.requestId);
    expect(booking!.id).toBe(first ?? booking!.id);
    answered.set(request.requestId, booking!.id);
  };
  const burst = requests.map(create);
  const settled = Promise.allSettled(burst);
  await Promise.any(burst);
  const startAgain = await stage.kill("booking");
  await settled;
  const beforeTheCrash = answered.size;
  await startAgain();
  await Promise.all(requests.map(create));
  expect(beforeTheCrash).toBeLessThan(requests.length);
  expect(new Set(answered.values()).size).toBe(requests.length);
  const { rows } = await stage.pools.booking.query(
    `select (select count(*)::int from bookings where host_id = $1) as bookings,
            (select count(*)::int from requests where host_id = $1) as requests`,
    [stage.hostId],
  );
  expect(rows).toEqual([{ bookings: 500, requests: 500 }]);
}, 60_000);
