/** Holds that are over: how they read until that is recorded, and that it is recorded soon, also when other hosts are locked. */

import { randomUUIDv7 } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Pool } from "pg";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { sweepHolds } from "../../services/booking/lanes/sweep.ts";
import { findBooking, listBookings } from "../../services/booking/storage/bookings.ts";
import { BookingEventKind, BookingState } from "../../shared/gen/booking/v1/booking_pb.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { hostLockKey } from "../../shared/postgres/locks.ts";
import { expireHold } from "../model/expire-hold.ts";
import { hours } from "../support/hosts-time.ts";
import { newBookingIdSql } from "../support/booking-ids.ts";
import { createCommand, hourOf, patient, saidOf, startLanes } from "../support/lanes.ts";
import { startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { createDatabase } from "../support/postgres.ts";
import { watchBookings } from "../support/watching.ts";
import { waitUntil } from "../support/waits.ts";

/** Stores so many holds of a host around the service, one a minute, that are over by so many minutes. Returns their ids. */
async function storeHolds(pool: Pool, hostId: string, count: number, overdueMinutes: number): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `insert into bookings
       (id, host_id, guest_id, during, occupied, seat, state, version, sequence, expire_time, create_time, update_time)
     select ${newBookingIdSql("$1")}, $1::uuid, $1, during, during, 1, 'HELD', 1, n + 1, over, over, over
     from generate_series(0, $2::int - 1) as n
     cross join lateral (
       select tstzrange($3::timestamptz + n * interval '1 minute', $3::timestamptz + (n + 1) * interval '1 minute') as during,
              clock_timestamp() - $4 * interval '1 minute' as over
     ) as held
     returning id`,
    [hostId, count, new Date(hourOf(0).start), overdueMinutes],
  );
  return rows.map(({ id }) => id);
}

test("a hold's EXPIRED comes by itself soon after its time", async () => {
  const pair = await startPair();
  const pool = poolOf(pair.booking.databaseUrl);
  const [hostId, guestId] = [await createHost(pair.clients), await createGuest(pair.clients)];
  const { start, end } = hours(8, 9);
  await openTime(pair.clients, hostId, { start, end });
  const times = { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
  const { booking } = await pair.clients.bookings.createBooking({ hostId, guestId, ...times, holdSeconds: 600 });
  const watching = await watchBookings(pair.clients.bookings, hostId);
  await expireHold(pool, hostId, booking!.id);
  const { event } = await watching.reaches(2);
  expect(event).toMatchObject({
    kind: BookingEventKind.EXPIRED,
    actor: "system",
    booking: { id: booking!.id, state: BookingState.EXPIRED },
  });
  watching.leave();
  await pool.end();
  await pair.stop();
});

describe("the sweeper", () => {
  test("comes past a host that is locked, however many holds it has, and back to it", async () => {
    const lanes = await startLanes();
    const [stuck, other] = [randomUUIDv7(), randomUUIDv7()];
    // Three pages of holds before the other host's.
    await storeHolds(lanes.pool, stuck, 1200, 60);
    const [bookingId] = await storeHolds(lanes.pool, other, 1, 30);
    const holder = await lanes.pool.connect();
    await holder.query("select pg_advisory_lock($1)", [hostLockKey(stuck)]);
    const stopping = new AbortController();
    const sweeping = sweepHolds(lanes.pool, lanes.replicas[0]!, pino({ level: "silent" }), stopping.signal);
    const expired = async (hostId: string): Promise<number> => {
      const { rowCount } = await lanes.pool.query("select from bookings where host_id = $1 and state = 'EXPIRED'", [
        hostId,
      ]);
      return rowCount ?? 0;
    };
    await waitUntil(async () => (await expired(other)) === 1);
    expect(await expired(stuck)).toBe(0);
    await holder.query("select pg_advisory_unlock($1)", [hostLockKey(stuck)]);
    holder.release();
    await waitUntil(async () => (await expired(stuck)) === 1200);
    expect(await findBooking(lanes.pool, bookingId!, patient)).toMatchObject({ state: "EXPIRED", version: 2 });
    stopping.abort();
    await sweeping;
    await lanes.stop();
  });
});

test("a hold that is over, whose time one command of a batch takes and that the next one expires, has one EXPIRED", async () => {
  const lanes = await startLanes();
  const hostId = randomUUIDv7();
  const [bookingId] = await storeHolds(lanes.pool, hostId, 1, 30);
  const { start } = hourOf(0);
  // The first is a batch of its own. What comes meanwhile is the next one.
  const commands = [
    createCommand(hostId, hourOf(5)),
    createCommand(hostId, { start, end: start + MINUTE_MS }),
    { kind: "expire" as const, hostId, actor: "system", bookingId: bookingId! },
  ];
  const said = await Promise.all(commands.map((command) => saidOf(lanes.commit(command))));
  expect(said).toEqual(["CONFIRMED", "CONFIRMED", "idle"]);
  expect(lanes.transactions()).toBe(2);
  const { rows } = await lanes.pool.query<{ kind: string }>(
    "select kind from booking_events where host_id = $1 order by sequence",
    [hostId],
  );
  expect(rows.map(({ kind }) => kind)).toEqual(["CONFIRMED", "EXPIRED", "CONFIRMED"]);
  await lanes.stop();
});

test("a hold reads as of one instant: its state, version and times belong together, whatever the clock does meanwhile", async () => {
  const database = await createDatabase("booking");
  const setup = poolOf(database.url);
  const hostId = randomUUIDv7();
  const [bookingId] = await storeHolds(setup, hostId, 1, -90);
  // A clock that is an hour further each time it is looked at: within a row, the hold is over at the second look.
  await setup.query(`
    create sequence looks;
    create function public.clock_timestamp() returns timestamptz language sql as
      'select pg_catalog.clock_timestamp() + nextval(''looks'') * interval ''1 hour'''`);
  await setup.query(`alter database ${new URL(database.url).pathname.slice(1)} set search_path = public, pg_catalog`);
  await setup.end();
  const pool = poolOf(database.url);
  const held = { id: bookingId, state: "HELD", version: 1 };
  expect(await findBooking(pool, bookingId!, patient)).toMatchObject(held);
  const window = hourOf(0, 1);
  const listed = await listBookings(pool, { hostId, window, states: ["HELD"], limit: 10 }, patient);
  expect(listed.bookings).toMatchObject([held]);
  const { rows } = await pool.query("select clock_timestamp() > now() + interval '1 hour' as is_ahead");
  expect(rows).toEqual([{ is_ahead: true }]);
  await pool.end();
  await database.drop();
});
