/** Bookings in any state, stored around the service. */

import type { Pool } from "pg";
import type { BookingState } from "../../services/booking/domain/booking.ts";
import type { Interval } from "../../shared/interval.ts";
import { newBookingIdSql } from "./booking-ids.ts";

export interface PlacedBooking {
  readonly state: BookingState;
  readonly during: Interval;
  /** Of a hold; unset: not before its start. */
  readonly expireTime?: number;
  /** Unset: the first. */
  readonly seat?: number;
  /** Before and after; unset: none. */
  readonly bufferMinutes?: number;
  /** Unset: the one that all are stored for. */
  readonly hostId?: string;
}

/** Stores a host's bookings, without events. Each is its own guest's: the host's. */
export async function placeBookings(pool: Pool, hostId: string, bookings: readonly PlacedBooking[]): Promise<void> {
  const time = (instant: number): Date => new Date(instant);
  await pool.query(
    `insert into bookings
       (id, host_id, guest_id, during, occupied, seat, state, version, sequence, expire_time, create_time, update_time)
     select ${newBookingIdSql("host_id")}, host_id, host_id, tstzrange(starts, ends),
            tstzrange(starts - buffer, ends + buffer), seat, state, 1, 1,
            case when state in ('HELD', 'EXPIRED') then expires end, starts, starts
     from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::int[], $7::interval[])
       as stored(host_id, starts, ends, state, expires, seat, buffer)`,
    [
      bookings.map((each) => each.hostId ?? hostId),
      bookings.map(({ during }) => time(during.start)),
      bookings.map(({ during }) => time(during.end)),
      bookings.map(({ state }) => state),
      bookings.map(({ during, expireTime = during.start }) => time(expireTime)),
      bookings.map(({ seat = 1 }) => seat),
      bookings.map(({ bufferMinutes = 0 }) => `${bufferMinutes} minutes`),
    ],
  );
}
