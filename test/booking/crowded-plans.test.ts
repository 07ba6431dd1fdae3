/**
 * The plans of Booking's statements for a host with 1,000 seats and 100,000 bookings, among hosts with few: what is read is what
 * the time in question holds, and neither the rest of the host's bookings nor that of its seats.
 */

import { randomUUIDv7 } from "node:crypto";
import pg, { type Pool } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLanes, type Lanes } from "../../services/booking/lanes/lanes.ts";
import { openLanePool } from "../../services/booking/storage/lane-pool.ts";
import { readBookedTime } from "../../services/booking/storage/open-slots.ts";
import type { Interval } from "../../shared/interval.ts";
import { openCalendar } from "../support/calendars.ts";
import { fenceCommand } from "../support/fence-command.ts";
import { createCommand, hourOf, moveCommand, patient, saidOf } from "../support/lanes.ts";
import { explainAll, type Plan, type PlanNode, plansOn, rowsRead } from "../support/plans.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { type StoredBooking, storeBookings } from "../support/stored-bookings.ts";

const SEATS = 1_000;
const HOURS = 100;
const FILL_MAX_MS = 300_000;
const silent = pino({ level: "silent" });

let stored: TestDatabase;
let pool: Pool;
let lanePool: Pool;
let lanes: Lanes;
let plans: Plan[];
let lanePlans: Plan[];
const hostId = randomUUIDv7();
const guestId = randomUUIDv7();

beforeAll(async () => {
  stored = await createDatabase("booking");
  const client = new pg.Client(stored.url);
  await client.connect();
  await storeBookings(client, [...crowd(), ...others()], "index");
  await client.end();
  await explainAll(stored.url);
  pool = poolOf(stored.url);
  lanePool = openLanePool(stored.url, 4, silent);
  plans = plansOn(pool);
  lanePlans = plansOn(lanePool);
  lanes = openLanes({
    pool: lanePool,
    log: silent,
    settings: { lanes: 1, batchMax: 256, queueMax: 4096 },
    holdLimits: { perGuestAndHost: 5, perGuest: 20 },
    onCommitted: () => undefined,
  });
}, FILL_MAX_MS);

afterAll(async () => {
  await lanes.idle();
  await lanePool.end();
  await pool.end();
  await stored.drop();
}, FILL_MAX_MS);

/** All seats are taken in every hour, but for the last one, which has one left. */
function crowd(): StoredBooking[] {
  return Array.from({ length: SEATS * HOURS - 1 }, (_, number) => {
    const [hour, seat] = [Math.floor(number / SEATS), (number % SEATS) + 1];
    return { hostId, guestId, during: hourOf(hour), seat };
  });
}

function others(): StoredBooking[] {
  const hosts = Array.from({ length: 500 }, () => randomUUIDv7());
  return hosts.flatMap((each) =>
    Array.from({ length: 10 }, (_, hour) => ({ hostId: each, guestId, during: hourOf(hour) })),
  );
}

/** What the statements of a piece of work have read of the bookings, by node. */
async function bookingsRead(from: Plan[], work: () => Promise<unknown>): Promise<number[][]> {
  const before = from.length;
  await work();
  return from
    .slice(before)
    .map(({ nodes }) => nodes.filter(isScanOfBookings).map(rowsRead))
    .filter((read) => read.length > 0);
}

function isScanOfBookings(node: PlanNode): boolean {
  return node["Relation Name"] === "bookings" && node["Node Type"].endsWith("Scan");
}

const calendar = openCalendar(0, { seats: SEATS });

test("a create reads the hour's bookings, also with an external id, which finds one at most", async () => {
  const details = { externalId: "somebody else's number" };
  const create = createCommand(hostId, hourOf(HOURS - 1), { calendar, details });
  const first = bookingsRead(lanePlans, async () =>
    expect(await saidOf(lanes.commit(create, patient))).toBe("CONFIRMED"),
  );
  expect(await first).toEqual([[SEATS - 1], [0]]);
  const again = createCommand(hostId, hourOf(HOURS), { calendar, details });
  const second = bookingsRead(lanePlans, async () =>
    expect(await saidOf(lanes.commit(again, patient))).toBe("EXTERNAL_ID_TAKEN"),
  );
  expect(await second).toEqual([[0], [1]]);
  const named = lanePlans.flatMap(({ nodes }) => nodes.map((node) => node["Index Name"]));
  expect(named).toContain("bookings_external_id_key");
  const full = createCommand(hostId, hourOf(HOURS - 1), { calendar });
  const third = bookingsRead(lanePlans, async () =>
    expect(await saidOf(lanes.commit(full, patient))).toBe("SLOT_TAKEN"),
  );
  expect(await third).toEqual([[SEATS]]);
});

test("a move reads the hour's bookings and its own", async () => {
  const create = createCommand(hostId, hourOf(HOURS + 5), { calendar });
  expect(await saidOf(lanes.commit(create, patient))).toBe("CONFIRMED");
  const move = moveCommand(create, hourOf(HOURS + 6), { calendar });
  const read = bookingsRead(lanePlans, async () => expect(await saidOf(lanes.commit(move, patient))).toBe("CONFIRMED"));
  // What is in its way, itself, and itself once more, to be taken out and put back.
  expect(await read).toEqual([[0], [1], [1]]);
});

test("a list of open slots reads the bookings of its stretch, however often it is planned anew", async () => {
  for (let time = 0; time < 12; time += 1) {
    const read = await bookingsRead(plans, () => booked(hourOf(time, 2)));
    expect(read).toEqual([[2 * SEATS]]);
  }
});

async function booked(stretch: Interval): Promise<void> {
  const { taken } = await readBookedTime(pool, hostId, stretch, patient);
  expect(taken).toHaveLength(SEATS);
}

test("a fence reads the bookings of its ranges, and no hold where there is none", async () => {
  const fence = fenceCommand(hostId, [hourOf(10), hourOf(20)], { maxBookings: 500 });
  const read = bookingsRead(lanePlans, async () => expect(await saidOf(lanes.commit(fence, patient))).toBe("fenced"));
  expect(await read).toEqual([[0], [2 * SEATS]]);
});
