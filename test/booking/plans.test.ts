/**
 * The plans of Booking's statements on 2,000 hosts and 1,000,000 bookings: the statements that the service really sends,
 * on connections with the settings that they really have.
 */

import { randomUUIDv7 } from "node:crypto";
import type { Pool } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Lanes, openLanes } from "../../services/booking/lanes/lanes.ts";
import {
  findBooking,
  findOverdueHolds,
  peopleOfBooking,
  listBookings,
} from "../../services/booking/storage/bookings.ts";
import { readEvents } from "../../services/booking/storage/events.ts";
import { generationsOf, sequenceOf, sequencesOf } from "../../services/booking/storage/hosts.ts";
import { openLanePool } from "../../services/booking/storage/lane-pool.ts";
import { bookingMigrations } from "../../services/booking/storage/migrations/all.ts";
import { readBookedTime } from "../../services/booking/storage/open-slots.ts";
import { findRequests } from "../../services/booking/storage/requests.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { wasRecorded } from "../../services/booking/storage/witness.ts";
import { INSTANTS_END } from "../../shared/limits.ts";
import { DAY_MS } from "../../shared/time-units.ts";
import { type Database, openDatabase } from "../../shared/postgres/database.ts";
import { forgetOldRequests } from "../../shared/postgres/forget-requests.ts";
import { openCalendar } from "../support/calendars.ts";
import { newBookingIdSql } from "../support/booking-ids.ts";
import { fenceCommand } from "../support/fence-command.ts";
import { createCommand, moveCommand, patient, saidOf } from "../support/lanes.ts";
import { explainAll, type Plan, plansOn, rowsRead } from "../support/plans.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { eraseOne } from "./erase-one.ts";
import {
  BOOKINGS_PER_HOST,
  DAY,
  guestIds,
  guestOfDetails,
  hostIds,
  hostsWithDetails,
  hour,
  HOSTS,
  storeMillion,
} from "./stored-million.ts";

/** A million rows and their indexes, to be stored or dropped, on a machine that others use. */
const FILL_MAX_MS = 600_000;
const LARGE = new Set(["bookings", "booking_events", "requests", "hosts"]);
const { signal } = patient;
/** Of every tenth booking of those that have labels. */
const LABEL = { key: "number", value: "3" };
const ALL_TIME = { start: 0, end: INSTANTS_END };

let stored: TestDatabase;
let database: Database;
let pool: Pool;
let lanePool: Pool;
let lanes: Lanes;
let plans: Plan[];
let lanePlans: Plan[];
beforeAll(async () => {
  stored = await createDatabase("booking");
  await storeMillion(stored.url);
  await explainAll(stored.url);
  const options = { entities: bookingTables, migrations: bookingMigrations, applicationName: "plans", poolSize: 2 };
  database = await openDatabase({ ...options, url: stored.url });
  pool = database.pool;
  lanePool = openLanePool(stored.url, 4, pino({ level: "silent" }));
  plans = plansOn(pool);
  lanePlans = plansOn(lanePool);
  const settings = { lanes: 1, batchMax: 256, queueMax: 4096 };
  const holdLimits = { perGuestAndHost: 5, perGuest: 20 };
  lanes = openLanes({
    pool: lanePool,
    log: pino({ level: "silent" }),
    settings,
    holdLimits,
    onCommitted: () => undefined,
  });
}, FILL_MAX_MS);

afterAll(async () => {
  await lanes.idle();
  await lanePool.end();
  await database.close();
  await stored.drop();
}, FILL_MAX_MS);

/** Every change there is, on hosts with hundreds of bookings, in batches of many hosts. */
async function changeBookings(): Promise<void> {
  const request = () => ({ id: randomUUIDv7(), method: "CreateBooking", contentHash: "00".repeat(32) });
  const creates = hostIds.slice(0, 64).map((hostId) => createCommand(hostId, hour(101), { request: request() }));
  const holds = hostIds
    .slice(0, 8)
    .map((hostId) => createCommand(hostId, hour(203), { holdMs: DAY_MS, request: request() }));
  const commit = async (commands: Parameters<Lanes["commit"]>[0][]): Promise<string[]> =>
    Promise.all(commands.map((command) => saidOf(lanes.commit(command, patient))));
  const of = ({ hostId, bookingId }: { hostId: string; bookingId: string }) => ({ hostId, bookingId, actor: "tester" });
  expect(new Set(await commit([...creates, ...holds]))).toEqual(new Set(["CONFIRMED", "HELD"]));
  await commit(holds.slice(4).map((hold) => ({ kind: "expire", ...of(hold) })));
  await commit(holds.slice(0, 4).map((hold) => ({ kind: "confirm", ...of(hold) })));
  await commit(creates.slice(0, 32).map((create) => moveCommand(create, hour(105))));
  await commit(creates.slice(32).map((create) => ({ kind: "cancel", ...of(create) })));
  const year = { start: DAY, end: DAY + 366 * DAY_MS };
  const fences = hostIds.slice(0, 4).map((hostId) => fenceCommand(hostId, [year], { findLastBooking: true }));
  expect(await commit(fences)).toEqual(fences.map(() => "fenced"));
}

/** Every read there is. Twice as often as the driver needs to stop planning anew for each call. */
async function readBookings(): Promise<void> {
  const window = { start: DAY + 10 * DAY_MS, end: DAY + 40 * DAY_MS };
  for (const [time, hostId] of hostsWithDetails.entries()) {
    const guestId = guestIds[100 + time]!;
    const { bookings } = await listBookings(pool, { hostId, window, states: [], limit: 51 }, { signal });
    expect(bookings).toHaveLength(51);
    const { id, during } = bookings[50]!;
    const after = { start: during.start, id };
    await listBookings(pool, { hostId, window, states: ["CONFIRMED"], after, limit: 51 }, { signal });
    await listBookings(pool, { guestId, window, states: [], limit: 51 }, { signal });
    await listBookings(pool, { hostId, guestId, window, states: [], limit: 51 }, { signal });
    const labelled = await listBookings(pool, { hostId, window, states: [], limit: 51, label: LABEL }, { signal });
    expect(labelled.bookings.length).toBeGreaterThan(10);
    const called = { externalId: bookings[0]!.details.externalId!, window: ALL_TIME, states: [], limit: 51 };
    expect((await listBookings(pool, { hostId, ...called }, { signal })).bookings.map((each) => each.id)).toEqual([
      bookings[0]!.id,
    ]);
    await listBookings(pool, { guestId, ...called }, { signal });
    await findBooking(pool, id, { signal });
    await peopleOfBooking(pool, id, { signal });
    await sequenceOf(pool, hostId, { signal });
    await generationsOf(pool, [hostId, hostIds[500]!]);
    await readBookedTime(pool, hostId, window, { signal });
    const [earliest] = await readEvents(pool, hostId, 0, 1, { signal });
    const requests = [hostId, hostIds[500]!].map((each) => ({ hostId: each, id: earliest!.booking.id }));
    expect((await findRequests(pool, requests)).map((found) => found?.answer)).toEqual([earliest!.booking, undefined]);
    await findOverdueHolds(pool, 500, undefined, { signal });
    await findOverdueHolds(pool, 500, { id, hostId, expireTime: Date.now() - DAY_MS }, { signal });
    const [, event] = await readEvents(pool, hostId, 200, 100, { signal });
    await sequencesOf(pool, [hostId, hostIds[500]!]);
    await wasRecorded(pool, hostId, event);
  }
  await forgetOldRequests(pool, signal);
}

test("no statement reads a whole table, or more than one host's or one guest's share of it", async () => {
  await changeBookings();
  await readBookings();
  const before = plans.length;
  await eraseOne(pool, lanes, hostsWithDetails[0]!, guestOfDetails);
  // Not what the test itself has made them say.
  plans.splice(before, 2);
  const all = [...lanePlans, ...plans];
  const scans = all.flatMap(({ query, nodes }) => nodes.map((node) => ({ query, node })));
  expect(all.length).toBeGreaterThan(200);
  const sequential = scans.filter(
    ({ node }) => node["Node Type"] === "Seq Scan" && LARGE.has(node["Relation Name"] ?? ""),
  );
  expect(sequential.map(({ query }) => query)).toEqual([]);
  // The widest are a fence over a year of four hosts, each of which has 500 bookings.
  const greedy = scans.filter(({ node }) => rowsRead(node) > 4 * (BOOKINGS_PER_HOST + 20));
  expect(greedy.map(({ query, node }) => [rowsRead(node), node["Node Type"], query])).toEqual([]);
});

test("a create reads what is in its way and nothing else", () => {
  const overlapping = lanePlans.find(({ query }) => query.includes("wanted(host_id, start_ms, end_ms)"));
  const read = overlapping?.nodes.filter((node) => node["Relation Name"] === "bookings").map(rowsRead);
  expect(read).toEqual([0]);
});

test("a list by external id reads the host's bookings of that id and nothing else", () => {
  const called = plans.filter(({ query }) =>
    query.includes("(select * from bookings where host_id = $1 and external_id ="),
  );
  const read = called.map(({ nodes }) => nodes.filter((node) => node["Relation Name"] === "bookings").map(rowsRead));
  expect(read).toEqual(hostsWithDetails.map(() => [1]));
});

test("a hold reads its guest's active holds and nothing else, a create without one not even that", async () => {
  const guestId = guestIds[7]!;
  // Makes 3 of the 500 bookings active holds, and 3 holds that are over.
  await pool.query(
    `update bookings set state = 'HELD', expire_time = case when number <= 3 then lower(during) else create_time end
     from (select id as held, row_number() over () as number from bookings
           where guest_id = $1 and state = 'CONFIRMED' limit 6) as chosen
     where id = held`,
    [guestId],
  );
  const { rows } = await pool.query<{ active: number }>(
    `select count(*)::float8 as active from bookings
     where guest_id = $1 and state = 'HELD' and expire_time > clock_timestamp()`,
    [guestId],
  );
  const before = lanePlans.length;
  const [hostId] = hostIds.slice(-2);
  const calendar = openCalendar(await generationOf(hostId!));
  const create = createCommand(hostId!, hour(301), { guestId, calendar });
  expect(await saidOf(lanes.commit(create, patient))).toBe("CONFIRMED");
  const holdPlans = (): Plan[] =>
    lanePlans.slice(before).filter(({ query }) => query.includes("asked(host_id, guest_id)"));
  expect(holdPlans()).toEqual([]);
  const hold = createCommand(hostId!, hour(303), { guestId, calendar, holdMs: DAY_MS });
  expect(["HELD", "TOO_MANY_HOLDS"]).toContain(await saidOf(lanes.commit(hold, patient)));
  const read = holdPlans().flatMap(({ nodes }) =>
    nodes.filter((node) => node["Relation Name"] === "bookings").map(rowsRead),
  );
  expect(read).toEqual([rows[0]!.active]);
});

async function generationOf(hostId: string): Promise<number> {
  const [generation] = await generationsOf(pool, [hostId]);
  return generation ?? 0;
}

test("a fence reads nothing that is over or was cancelled, however much of it there is", async () => {
  const hostId = hostIds[HOSTS - 1]!;
  await pool.query(
    `insert into bookings (id, host_id, guest_id, during, occupied, seat, state, version, sequence, create_time, update_time)
     select ${newBookingIdSql("$1")}, $1, $2, during, during, 1, state, 1, 1, hour, hour
     from (values ('CONFIRMED', '2000-01-01Z'::timestamptz), ('CANCELLED', '2180-01-01Z')) as many (state, first)
     cross join generate_series(first, first + interval '120 days', '1 hour') as hour
     cross join lateral (select tstzrange(hour, hour + interval '1 hour') as during) as time`,
    [hostId, guestIds[0]],
  );
  const before = lanePlans.length;
  const all = { start: 0, end: Date.UTC(2199, 0, 1) };
  const fence = fenceCommand(hostId, [all], { findLastBooking: true });
  expect(await saidOf(lanes.commit(fence, patient))).toBe("fenced");
  const plansOfBookings = lanePlans
    .slice(before)
    .map(({ nodes }) => nodes.filter((node) => node["Relation Name"] === "bookings").map(rowsRead));
  // The holds, what is confirmed in the ranges, and what ends last.
  const once = [BOOKINGS_PER_HOST];
  expect(plansOfBookings.filter((read) => read.length > 0)).toEqual([once, once, once]);
});

test("every index holds a constraint or is used by a statement", async () => {
  const { rows } = await pool.query<{ name: string }>(
    `select indexrelid::regclass::text as name from pg_index join pg_class on pg_class.oid = indrelid
     where relnamespace = 'public'::regnamespace and not indisunique and not indisexclusion`,
  );
  const used = new Set([...lanePlans, ...plans].flatMap(({ nodes }) => nodes.map((node) => node["Index Name"])));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
});
