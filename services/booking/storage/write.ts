/** Writes what was decided, in bulk, for all hosts of a batch. */

import type { Interval } from "../../../shared/interval.ts";
import { fromMillis, rangeFromMillis } from "../../../shared/postgres/range.ts";
import type { Parameter, Statement } from "../../../shared/postgres/round-trip.ts";
import { type Booking, type BookingEvent, isSaidOf } from "../domain/booking.ts";
import type { BookingChange, HostDecision } from "../domain/command.ts";
import { writeHosts } from "./hosts.ts";
import { insertRequests } from "./requests.ts";

export interface HostWrites extends Omit<HostDecision, "outcomes"> {
  readonly hostId: string;
}

/** Whether anything is to be written for the host. Every event raises the sequence; a fence raises the generation. */
export function changesAnything(decision: HostWrites, loaded: { readonly generation: number }): boolean {
  return decision.events.length > 0 || decision.requests.length > 0 || decision.generation !== loaded.generation;
}

/**
 * All writes, in their order. Time is released before it is taken, or the constraint `bookings_no_overlap` would refuse
 * what is right in the end: a booking that moves is taken out first and put back with the new ones (in a chain of moves
 * each update's target may still be taken by the next), cancelled and expired ones change state before anything is put in.
 */
export function writesOf(hosts: readonly HostWrites[]): Statement[] {
  const changes = hosts.flatMap((host) => host.changes);
  const moved = changes.filter(isMoved);
  const updated = changes.filter((change) => change.before !== undefined && !isMoved(change));
  const erased = updated.filter(({ before, after }) => before !== undefined && isSaidOf(before) && !isSaidOf(after));
  const inserted = changes.filter((change) => change.before === undefined || isMoved(change));
  return [
    writeHosts(hosts),
    ...unlessEmpty(
      moved.map(({ after }) => after),
      deleteBookings,
    ),
    ...unlessEmpty(
      updated.map(({ after }) => after),
      updateBookings,
    ),
    ...unlessEmpty(
      erased.map(({ after }) => after),
      eraseBookings,
    ),
    ...unlessEmpty(
      inserted.map(({ after }) => after),
      insertBookings,
    ),
    ...unlessEmpty(
      hosts.flatMap((host) => host.events),
      insertEvents,
    ),
    ...unlessEmpty(
      hosts.flatMap((host) => host.requests),
      insertRequests,
    ),
  ];
}

function unlessEmpty<T>(rows: readonly T[], statement: (rows: readonly T[]) => Statement): Statement[] {
  return rows.length === 0 ? [] : [statement(rows)];
}

function isMoved({ before, after }: BookingChange): boolean {
  return (
    before !== undefined &&
    (before.seat !== after.seat || differ(before.during, after.during) || differ(before.occupied, after.occupied))
  );
}

function differ(a: Interval, b: Interval): boolean {
  return a.start !== b.start || a.end !== b.end;
}

function deleteBookings(bookings: readonly Booking[]): Statement {
  return {
    name: "delete-bookings",
    text: `delete from bookings b using unnest($1::uuid[], $2::uuid[]) as moved(host_id, id)
           where b.host_id = moved.host_id and b.id = moved.id`,
    values: [bookings.map((booking) => booking.hostId), bookings.map((booking) => booking.id)],
  };
}

function updateBookings(bookings: readonly Booking[]): Statement {
  return {
    name: "update-bookings",
    text: `update bookings b
           set state = changed.state, version = changed.version, sequence = changed.sequence,
               expire_time = ${fromMillis("changed.expire_ms")}, update_time = ${fromMillis("changed.update_ms")},
               cancel_reason = changed.cancel_reason
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int4[], $5::int8[], $6::float8[], $7::float8[], $8::text[])
             as changed(host_id, id, state, version, sequence, expire_ms, update_ms, cancel_reason)
           where b.host_id = changed.host_id and b.id = changed.id`,
    values: [
      bookings.map((booking) => booking.hostId),
      bookings.map((booking) => booking.id),
      bookings.map((booking) => booking.state),
      bookings.map((booking) => booking.version),
      bookings.map((booking) => booking.sequence),
      bookings.map((booking) => booking.expireTime),
      bookings.map((booking) => booking.updateTime),
      bookings.map((booking) => booking.cancelReason),
    ],
  };
}

/** What was said of them beside the reason, which is written with the state. */
function eraseBookings(bookings: readonly Booking[]): Statement {
  return {
    name: "erase-bookings",
    text: `update bookings b set external_id = null, note = null, labels = null
           from unnest($1::uuid[], $2::uuid[]) as erased(host_id, id)
           where b.host_id = erased.host_id and b.id = erased.id`,
    values: [bookings.map((booking) => booking.hostId), bookings.map((booking) => booking.id)],
  };
}

/** The columns of a booking as arrays, in the order of `BOOKING_ARRAYS`. */
function bookingArrays(bookings: readonly Booking[]): Parameter[] {
  return [
    bookings.map((booking) => booking.id),
    bookings.map((booking) => booking.hostId),
    bookings.map((booking) => booking.guestId),
    bookings.map((booking) => booking.during.start),
    bookings.map((booking) => booking.during.end),
    bookings.map((booking) => booking.occupied.start),
    bookings.map((booking) => booking.occupied.end),
    bookings.map((booking) => booking.seat),
    bookings.map((booking) => booking.state),
    bookings.map((booking) => booking.version),
    bookings.map((booking) => booking.sequence),
    bookings.map((booking) => booking.expireTime),
    bookings.map((booking) => booking.createTime),
    bookings.map((booking) => booking.updateTime),
    bookings.map(({ details }) => details.externalId),
    bookings.map(({ details }) => details.note),
    bookings.map(({ details }) => (details.labels === undefined ? undefined : JSON.stringify(details.labels))),
    bookings.map((booking) => booking.cancelReason),
  ];
}

const BOOKING_ARRAYS =
  "$1::uuid[], $2::uuid[], $3::uuid[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::int4[], $9::text[], " +
  "$10::int4[], $11::int8[], $12::float8[], $13::float8[], $14::float8[], $15::text[], $16::text[], $17::jsonb[], $18::text[]";
const BOOKING_NAMES =
  "id, host_id, guest_id, start_ms, end_ms, occupied_start_ms, occupied_end_ms, seat, state, version, sequence, " +
  "expire_ms, create_ms, update_ms, external_id, note, labels, cancel_reason";
const BOOKING_COLUMNS =
  "host_id, guest_id, during, occupied, seat, state, version, sequence, expire_time, create_time, update_time, " +
  "external_id, note, labels, cancel_reason";
const BOOKING_VALUES = `new.host_id, new.guest_id, ${rangeFromMillis("new.start_ms", "new.end_ms")},
             ${rangeFromMillis("new.occupied_start_ms", "new.occupied_end_ms")}, new.seat, new.state, new.version,
             new.sequence, ${fromMillis("new.expire_ms")}, ${fromMillis("new.create_ms")}, ${fromMillis("new.update_ms")},
             new.external_id, new.note, new.labels, new.cancel_reason`;

function insertBookings(bookings: readonly Booking[]): Statement {
  return {
    name: "insert-bookings",
    text: `insert into bookings (id, ${BOOKING_COLUMNS})
           select new.id, ${BOOKING_VALUES} from unnest(${BOOKING_ARRAYS}) as new(${BOOKING_NAMES})`,
    values: bookingArrays(bookings),
  };
}

function insertEvents(events: readonly BookingEvent[]): Statement {
  return {
    name: "insert-events",
    text: `insert into booking_events (booking_id, ${BOOKING_COLUMNS}, kind, actor, event_time)
           select new.id, ${BOOKING_VALUES}, new.kind, new.actor, ${fromMillis("new.event_ms")}
           from unnest(${BOOKING_ARRAYS}, $19::text[], $20::text[], $21::float8[])
             as new(${BOOKING_NAMES}, kind, actor, event_ms)`,
    values: [
      ...bookingArrays(events.map((event) => event.booking)),
      events.map((event) => event.kind),
      events.map((event) => event.actor),
      events.map((event) => event.time),
    ],
  };
}
