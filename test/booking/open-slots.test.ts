/** ListOpenSlots from outside: its pages, and that it is never out of date. */

import { timestampMs } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { PAGE_SIZE_MAX } from "../../shared/limits.ts";
import type { Clients } from "../support/clients.ts";
import { hours, inHours } from "../support/hosts-time.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { type ReplicatedPair, startReplicatedPair } from "../support/replicated-pair.ts";
import { timesOf } from "../support/times.ts";

let pair: ReplicatedPair;
let hostId: string;

beforeAll(async () => {
  pair = await startReplicatedPair();
});

beforeEach(async () => {
  hostId = await createHost(pair.replicas[0]);
});

afterAll(() => pair.stop());

/** The open slots of a window, read page by page. */
async function slotsOf({ bookings }: Clients, window: Interval, pageSize: number): Promise<Interval[]> {
  const slots: Interval[] = [];
  let pageToken = "";
  do {
    const page = await bookings.listOpenSlots({ hostId, ...timesOf(window), pageSize, pageToken });
    expect(page.slots.length).toBeLessThanOrEqual(pageSize);
    slots.push(...page.slots.map((slot) => ({ start: timestampMs(slot.startTime!), end: timestampMs(slot.endTime!) })));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return slots;
}

test("pages of any size over any window are together one large page", async () => {
  const [replica] = pair.replicas;
  const QUARTER_MS = 15 * MINUTE_MS;
  const guestId = await createGuest(replica);
  const open = [hours(8, 12), { start: tomorrow(12, 7), end: tomorrow(15) }, hours(20, 22)];
  for (const during of open) await openTime(replica, hostId, during, 15);
  // Three of four are booked, so that most pages need several looks.
  for (const [index, { start, end }] of (await slotsOf(replica, hours(8, 22), PAGE_SIZE_MAX)).entries()) {
    if (index % 4 !== 0) await replica.bookings.createBooking({ hostId, guestId, ...timesOf({ start, end }) });
  }
  // Around the boundaries of slots, to the millisecond.
  const edge = fc
    .tuple(fc.integer({ min: 0, max: 56 }), fc.integer({ min: -1, max: 1 }))
    .map(([quarter, offset]) => tomorrow(8) + quarter * QUARTER_MS + offset);
  const window = fc
    .tuple(edge, edge)
    .filter(([a, b]) => a !== b)
    .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));
  await fc.assert(
    fc.asyncProperty(window, fc.integer({ min: 1, max: 9 }), async (asked, pageSize) => {
      expect(await slotsOf(replica, asked, pageSize)).toEqual(await slotsOf(replica, asked, PAGE_SIZE_MAX));
    }),
    {
      numRuns: 60,
      // The page ends with what it has looked at, and that is the window's last millisecond.
      examples: [[{ start: tomorrow(8), end: tomorrow(8, 45) + 1 }, 1]],
    },
  );
});

describe("a replica that remembers how a host's time was", () => {
  const list = async (): Promise<string> => inHours(await slotsOf(pair.replicas[1], hours(0, 24), PAGE_SIZE_MAX));

  beforeEach(async () => {
    await openTime(pair.replicas[0], hostId, hours(8, 10), 60);
  });

  test("does not list what has been removed through another one since", async () => {
    expect(await list()).toBe("8-9 9-10");
    await pair.replicas[0].availability.removeAvailability({ hostId, ...timesOf(hours(9, 10)) });
    expect(await list()).toBe("8-9");
  });

  test("lists what has been added through another one since", async () => {
    expect(await list()).toBe("8-9 9-10");
    await openTime(pair.replicas[0], hostId, hours(10, 11), 60);
    expect(await list()).toBe("8-9 9-10 10-11");
  });
});
