/** 2,000 hosts and 1,000,000 bookings, stored around the service. */

import { randomUUIDv7 } from "node:crypto";
import pg from "pg";
import type { Interval } from "../../shared/interval.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { storeBookings } from "../support/stored-bookings.ts";

export const HOSTS = 2_000;
export const BOOKINGS_PER_HOST = 500;
/** Guests have as many bookings as hosts. */
const GUESTS = 2_000;
const REQUESTS = 100_000;
/** Holds that are not over. */
const HOLDS = 5_000;
export const DAY = Date.UTC(2150, 0, 1);

export const hostIds = Array.from({ length: HOSTS }, () => randomUUIDv7());
/** Their bookings all have an external id and a label. */
export const hostsWithDetails = hostIds.slice(100, 112);
export const guestIds = Array.from({ length: GUESTS }, () => randomUUIDv7());
/** Who has booked all of the first host with details. */
export const guestOfDetails = guestIds[guestOf(hostIds.indexOf(hostsWithDetails[0]!))]!;

function guestOf(number: number): number {
  return (number * 7) % GUESTS;
}

/** Every second hour is booked. */
export const hour = (index: number): Interval => ({
  start: DAY + index * HOUR_MS,
  end: DAY + (index + 1) * HOUR_MS,
});

export async function storeMillion(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const bookings = Array.from({ length: HOSTS * BOOKINGS_PER_HOST }, (_, number) => ({
    hostId: hostIds[number % HOSTS]!,
    guestId: guestIds[guestOf(number)]!,
    during: hour(Math.floor(number / HOSTS) * 2),
  }));
  await storeBookings(client, bookings, "index");
  await client.query(`
    insert into requests (host_id, request_id, method, content_hash, sequence, create_time)
    select host_id, id, 'CreateBooking', decode(repeat('00', 32), 'hex'), sequence,
           clock_timestamp() - (${REQUESTS} - row_number() over ()) * interval '10 seconds'
    from bookings limit ${REQUESTS}`);
  await client.query(`
    update bookings set state = 'HELD', expire_time = lower(during)
    where ctid = any (array(select ctid from bookings limit ${HOLDS}))`);
  await client.query(
    `update bookings set external_id = 'external ' || sequence, labels = jsonb_build_object('number', (sequence % 10)::text)
     where host_id = any($1)`,
    [hostsWithDetails],
  );
  // Vacuum is what tells a BRIN index of new rows.
  await client.query("vacuum analyze requests");
  await client.query("analyze bookings");
  await client.end();
}
