/** Reads of bookings. A hold past its `expire_time` reads as EXPIRED, recorded or not. */

import type { Pool } from "pg";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { DAY_MS } from "../../../shared/time-units.ts";
import { FIRST_INSTANT } from "../../../shared/limits.ts";
import { fromMillis, millis } from "../../../shared/postgres/range.ts";
import { read, type Reader } from "../../../shared/postgres/read.ts";
import type { Booking, BookingState } from "../domain/booking.ts";
import { sequenceOf } from "./hosts.ts";
import { bookingFromRow, type BookingRow, derivedColumns, overdue } from "./rows.ts";

/** Before every id. */
export const NO_ID = "00000000-0000-0000-0000-000000000000";

export async function findBooking(pool: Pool, bookingId: string, caller: Reader): Promise<Booking | undefined> {
  const rows = await read<BookingRow>(
    pool,
    {
      name: "find-booking",
      text: `select ${derivedColumns} from bookings b where b.id = $1`,
      values: [bookingId],
    },
    caller,
  );
  return rows[0] === undefined ? undefined : bookingFromRow(rows[0]);
}

/** Whose a booking is. Neither ever changes. */
export interface BookingPeople {
  /** Whose lane and lock a command by booking id takes. */
  readonly hostId: string;
  readonly guestId: string;
}

export async function peopleOfBooking(
  pool: Pool,
  bookingId: string,
  caller: Reader,
): Promise<BookingPeople | undefined> {
  const rows = await read<{ host_id: string; guest_id: string }>(
    pool,
    { name: "people-of-booking", text: "select host_id, guest_id from bookings where id = $1", values: [bookingId] },
    caller,
  );
  const row = rows[0];
  return row === undefined ? undefined : { hostId: row.host_id, guestId: row.guest_id };
}

/** A label of this key: with this value, or with any. */
export interface LabelQuery {
  readonly key: string;
  readonly value: string | undefined;
}

export interface BookingQuery {
  readonly hostId?: string | undefined;
  readonly guestId?: string | undefined;
  /** What another system calls it. */
  readonly externalId?: string | undefined;
  readonly label?: LabelQuery | undefined;
  readonly window: Interval;
  /** Empty: all. */
  readonly states: readonly BookingState[];
  /** Start and id of the last booking of the page before. */
  readonly after?: { readonly start: Instant; readonly id: string } | undefined;
  readonly limit: number;
}

export interface BookingPage {
  readonly bookings: readonly Booking[];
  /** The host's last sequence before the page was read. Only with `hostId`. */
  readonly sequence?: number;
}

/**
 * Bookings that meet a window, by (start, id). A booking lasts at most 24 hours, so one that overlaps the window starts at
 * most 24 hours before it, which bounds the index scan.
 *
 * A host's bookings of an external id are found first and sorted then: there are a few at most. PostgreSQL, which knows only how
 * many a host has on average, would go through all of the host's bookings in their order.
 */
export async function listBookings(pool: Pool, query: BookingQuery, caller: Reader): Promise<BookingPage> {
  const { hostId, guestId, externalId, label, window, states, after, limit } = query;
  const values: unknown[] = [
    hostId ?? guestId,
    window.start - DAY_MS,
    window.start,
    window.end,
    after?.start ?? window.start - DAY_MS,
    after?.id ?? NO_ID,
    limit,
    states,
  ];
  const parameter = (value: string): string => `$${values.push(value)}::text`;
  const from =
    hostId === undefined || externalId === undefined
      ? "bookings"
      : `(select * from bookings where host_id = $1 and external_id = ${parameter(externalId)} offset 0)`;
  const filters = [
    hostId === undefined ? "b.guest_id = $1" : "b.host_id = $1",
    ...(hostId === undefined || guestId === undefined ? [] : [`b.guest_id = ${parameter(guestId)}::uuid`]),
    ...(hostId === undefined && externalId !== undefined ? [`b.external_id = ${parameter(externalId)}`] : []),
    ...(label === undefined ? [] : [labelled(label, parameter)]),
  ];
  // The sequence first: what is committed between the two is then in the page, in the feed behind it, or in both.
  const sequence = hostId === undefined ? undefined : await sequenceOf(pool, hostId, caller);
  const rows = await read<BookingRow>(
    pool,
    {
      text: `select ${derivedColumns} from ${from} b
             where ${filters.join(" and ")}
               and lower(b.during) > ${fromMillis("$2::float8")} and lower(b.during) < ${fromMillis("$4::float8")}
               and upper(b.during) > ${fromMillis("$3::float8")}
               and (lower(b.during), b.id) > (${fromMillis("$5::float8")}, $6::uuid)
               and (cardinality($8::text[]) = 0
                    or (case when ${overdue} then 'EXPIRED' else b.state end) = any($8::text[]))
             order by lower(b.during), b.id
             limit $7`,
      values,
    },
    caller,
  );
  return { bookings: rows.map(bookingFromRow), ...(sequence === undefined ? {} : { sequence }) };
}

/** SQL for whether `b` has the label. */
function labelled({ key, value }: LabelQuery, parameter: (value: string) => string): string {
  if (value === undefined) return `b.labels ? ${parameter(key)}`;
  return `b.labels ->> ${parameter(key)} = ${parameter(value)}`;
}

export interface OverdueHold {
  readonly id: string;
  readonly hostId: string;
  readonly expireTime: Instant;
}

/** The first holds that are over and not recorded so, the longest overdue first; behind `after`, if that is given. */
export async function findOverdueHolds(
  pool: Pool,
  limit: number,
  after: OverdueHold | undefined,
  caller: Reader,
): Promise<OverdueHold[]> {
  const rows = await read<{ id: string; host_id: string; expire_ms: number }>(
    pool,
    {
      name: "find-overdue-holds",
      text: `select b.id, b.host_id, ${millis("b.expire_time")} as expire_ms from bookings b
             where ${overdue} and (b.expire_time, b.id) > (${fromMillis("$2::float8")}, $3::uuid)
             order by b.expire_time, b.id limit $1`,
      values: [limit, after?.expireTime ?? FIRST_INSTANT, after?.id ?? NO_ID],
    },
    caller,
  );
  return rows.map((row) => ({ id: row.id, hostId: row.host_id, expireTime: row.expire_ms }));
}
