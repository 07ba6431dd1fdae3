/** How a booking is written in SQL, and read from it. */

import { millis } from "../../../shared/postgres/range.ts";
import type { Booking, BookingState } from "../domain/booking.ts";

export interface BookingRow {
  readonly id: string;
  readonly host_id: string;
  readonly guest_id: string;
  readonly start_ms: number;
  readonly end_ms: number;
  readonly occupied_start_ms: number;
  readonly occupied_end_ms: number;
  readonly seat: number;
  readonly state: BookingState;
  readonly version: number;
  readonly sequence: number;
  readonly expire_ms: number | null;
  readonly create_ms: number;
  readonly update_ms: number;
  readonly external_id: string | null;
  readonly note: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly cancel_reason: string | null;
}

/** What is the same for an overdue hold, recorded or not. */
const unchanging = `
  b.sequence::float8 as sequence,
  ${millis("lower(b.during)")} as start_ms, ${millis("upper(b.during)")} as end_ms,
  ${millis("lower(b.occupied)")} as occupied_start_ms, ${millis("upper(b.occupied)")} as occupied_end_ms, b.seat,
  b.external_id, b.note, b.labels, b.cancel_reason,
  ${millis("b.expire_time")} as expire_ms, ${millis("b.create_time")} as create_ms`;

/** The columns of `bookings b` (or `booking_events b`) as they are stored. */
export const storedColumns = `
  b.host_id, b.guest_id, b.state, b.version, ${millis("b.update_time")} as update_ms, ${unchanging}`;

/**
 * A hold whose time is over, whether that is recorded or not. By `statement_timestamp()`, which stands still within a
 * statement: by `clock_timestamp()` a row at its very expiry could read as HELD with the version of EXPIRED, and no index
 * could find it, so that every sweep would read every hold. For reads only: changes go by the clock that their batch has
 * read after the locks.
 */
export const overdue = "(b.state = 'HELD' and b.expire_time <= statement_timestamp())";

/**
 * The columns of `bookings b` for readers: a hold past its `expire_time` reads as EXPIRED in every respect, exactly as it
 * will be recorded (`expired` in domain/booking.ts).
 */
export const derivedColumns = `
  b.id, b.host_id, b.guest_id,
  case when ${overdue} then 'EXPIRED' else b.state end as state,
  case when ${overdue} then b.version + 1 else b.version end as version,
  case when ${overdue} then ${millis("b.expire_time")} else ${millis("b.update_time")} end as update_ms, ${unchanging}`;

/**
 * Whether people have said anything about a booking, in the columns of a booking or an event: what is erased with its guest. The
 * indexes of guests about whose bookings something is said are by this very expression. Written with `is not null`, it would follow from
 * a search for a label or an external id, and PostgreSQL would read all of such an index for that.
 */
export const SAID = "num_nonnulls(external_id, note, labels, cancel_reason) > 0";

export function bookingFromRow(row: BookingRow): Booking {
  return {
    id: row.id,
    hostId: row.host_id,
    guestId: row.guest_id,
    during: { start: row.start_ms, end: row.end_ms },
    occupied: { start: row.occupied_start_ms, end: row.occupied_end_ms },
    seat: row.seat,
    state: row.state,
    version: row.version,
    sequence: row.sequence,
    ...(row.expire_ms === null ? {} : { expireTime: row.expire_ms }),
    createTime: row.create_ms,
    updateTime: row.update_ms,
    details: {
      externalId: row.external_id ?? undefined,
      note: row.note ?? undefined,
      labels: row.labels ?? undefined,
    },
    cancelReason: row.cancel_reason ?? undefined,
  };
}
