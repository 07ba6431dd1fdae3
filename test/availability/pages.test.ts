/** What is open all along is on some page, also when time is added and removed between two pages. */

import * as fc from "fast-check";
import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { hours, inHours, storeOpenings } from "../support/hosts-time.ts";
import { anyInterval, instantsOf, intervalsOf, separateIntervals } from "../support/interval-model.ts";
import { poolOf } from "../support/pool.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { intervalOf, timesOf } from "../support/times.ts";

let pair: Pair;
let pool: Pool;
let hostId: string;

beforeAll(async () => {
  pair = await startPair();
  pool = poolOf(pair.availability.databaseUrl);
});

beforeEach(async () => {
  hostId = await createHost(pair.clients);
});

afterAll(async () => {
  await pool.end();
  await pair.stop();
});

interface Page {
  readonly shown: readonly Interval[];
  readonly next: string;
}

const WINDOW = timesOf(hours(0, 48));

async function pageOfIntervals(pageSize: number, pageToken: string): Promise<Page> {
  const page = await pair.clients.availability.listAvailability({ hostId, ...WINDOW, pageSize, pageToken });
  return { shown: page.availabilities.map(intervalOf), next: page.nextPageToken };
}

async function pageOfSlots(pageSize: number, pageToken: string): Promise<Page> {
  const page = await pair.clients.bookings.listOpenSlots({ hostId, ...WINDOW, pageSize, pageToken });
  return { shown: page.slots.map(intervalOf), next: page.nextPageToken };
}

async function close(range: Interval): Promise<void> {
  await pair.clients.availability.removeAvailability({ hostId, ...timesOf(range) });
}

test("intervals that merge over the edge of a page are on the next one, grown", async () => {
  for (const range of [hours(9, 9.5), hours(10, 10.5), hours(12, 13)]) await openTime(pair.clients, hostId, range);
  const first = await pageOfIntervals(1, "");
  await openTime(pair.clients, hostId, hours(9.5, 10));
  const second = await pageOfIntervals(1, first.next);
  const third = await pageOfIntervals(1, second.next);
  expect([first, second, third].map(({ shown }) => inHours(shown))).toEqual(["9-9.5", "9-10.5", "12-13"]);
  expect(third.next).toBe("");
});

test("what was shown and is gone, or has shrunk, is not shown again", async () => {
  for (const range of [hours(8, 10), hours(11, 12)]) await openTime(pair.clients, hostId, range);
  const first = await pageOfIntervals(1, "");
  await close(hours(9, 10));
  expect(inHours((await pageOfIntervals(1, first.next)).shown)).toBe("11-12");
  await close(hours(8, 9));
  expect(inHours((await pageOfIntervals(1, first.next)).shown)).toBe("11-12");
});

test("slots of a grid that moves between two pages go on right behind the last one that was shown", async () => {
  await openTime(pair.clients, hostId, hours(9, 9.5));
  await openTime(pair.clients, hostId, hours(11, 12));
  const first = await pageOfSlots(1, "");
  await openTime(pair.clients, hostId, hours(10.25, 11));
  const second = await pageOfSlots(10, first.next);
  // From 11:00 on all was open all along. The slot that holds 11:00 now starts before it.
  expect([first, second].map(({ shown }) => inHours(shown))).toEqual(["9-9.5", "10.25-10.75 10.75-11.25 11.25-11.75"]);
});

test("slots go on behind the last one shown, over the booked ones between it and the next", async () => {
  await openTime(pair.clients, hostId, hours(9, 12));
  const guestId = await createGuest(pair.clients);
  await pair.clients.bookings.createBooking({ hostId, guestId, ...timesOf(hours(9.5, 11.5)) });
  const first = await pageOfSlots(1, "");
  const second = await pageOfSlots(1, first.next);
  expect([first, second].map(({ shown }) => inHours(shown))).toEqual(["9-9.5", "11.5-12"]);
});

test("every hour that is open from the first page to the last is on one of them, whatever happens in between", async () => {
  const step = fc.record({ adds: fc.boolean(), range: anyInterval, pageSize: fc.integer({ min: 1, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(separateIntervals, fc.array(step, { minLength: 1, maxLength: 8 }), async (stored, steps) => {
      hostId = await createHost(pair.clients);
      let open = instantsOf(stored);
      await store(open);
      let openThroughout = open;
      const shown = new Set<number>();
      let pageToken = "";
      for (let turn = 0; turn === 0 || pageToken !== ""; turn += 1) {
        const { adds, range, pageSize } = steps[turn % steps.length]!;
        const page = await pageOfIntervals(pageSize, pageToken);
        for (const hour of instantsOf(page.shown.map(inModel))) shown.add(hour);
        pageToken = page.next;
        if (pageToken === "") break;
        const changed = instantsOf([range]);
        open = adds ? open.union(changed) : open.difference(changed);
        openThroughout = openThroughout.intersection(open);
        await store(open);
      }
      expect([...openThroughout.difference(shown)]).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

/** An interval in hours of tomorrow, as the model has them. */
function inModel({ start, end }: Interval): Interval {
  return { start: (start - tomorrow(0)) / HOUR_MS, end: (end - tomorrow(0)) / HOUR_MS };
}

/** Makes these hours of tomorrow, and no others, the host's open time: around the service, for speed. */
async function store(open: ReadonlySet<number>): Promise<void> {
  const intervals = intervalsOf(open).map(({ start, end }) => hours(start, end));
  await pool.query("delete from openings where host_id = $1", [hostId]);
  await storeOpenings(pool, hostId, intervals);
}
