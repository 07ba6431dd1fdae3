/**
 * The tables of the booking database as MikroORM maps them. They are made by the migrations beside this file; a test
 * keeps the two the same.
 */

import { defineEntity, p } from "@mikro-orm/core";
import { SEATS_MAX } from "../../../shared/limits.ts";
import { intervalChecks } from "../../../shared/postgres/interval-checks.ts";
import { requestColumns, requestRules } from "../../../shared/postgres/requests-table.ts";
import { SAID } from "./rows.ts";

const STATES = "'HELD', 'CONFIRMED', 'CANCELLED', 'EXPIRED'";

/** What is stored of a booking, and of what it was after each event. What was not said is null. */
const bookingColumns = {
  guestId: p.uuid(),
  during: p.string().columnType("tstzrange"),
  occupied: p.string().columnType("tstzrange"),
  seat: p.integer(),
  state: p.text(),
  version: p.integer(),
  expireTime: p.datetime(3).nullable(),
  createTime: p.datetime(3),
  updateTime: p.datetime(3),
  externalId: p.text().nullable(),
  note: p.text().nullable(),
  labels: p.json().columnType("jsonb").nullable(),
  cancelReason: p.text().nullable(),
};

/** One row per host that was ever booked or fenced: its generation and the last sequence of its feed. Never deleted. */
export const Host = defineEntity({
  name: "Host",
  tableName: "hosts",
  properties: {
    hostId: p.uuid().primary(),
    generation: p.bigint("number").defaultRaw("0"),
    sequence: p.bigint("number").defaultRaw("0"),
    /** Up to there the host's events were deleted (`forget-events.ts`). */
    forgottenTo: p.bigint("number").defaultRaw("0"),
  },
  checks: [
    { name: "hosts_forgotten_to_not_negative", expression: "forgotten_to >= 0" },
    { name: "hosts_generation_not_negative", expression: "generation >= 0" },
    { name: "hosts_sequence_not_negative", expression: "sequence >= 0" },
  ],
});

export const Booking = defineEntity({
  name: "Booking",
  tableName: "bookings",
  properties: {
    hostId: p.uuid().primary(),
    id: p.uuid().primary(),
    ...bookingColumns,
    /** Of its last event. */
    sequence: p.bigint("number"),
  },
  uniques: [{ name: "bookings_id_key", properties: ["id"] }],
  checks: [
    {
      // An id alone tells which of 256 buckets of hosts its row is in (`bookingIdFrom`).
      name: "bookings_id_in_bucket_of_host",
      expression: "get_byte(uuid_send(id), 15) = get_byte(uuid_send(host_id), 15)",
    },
    ...intervalChecks("bookings"),
    ...intervalChecks("bookings", "occupied"),
    {
      // No two active bookings of a host are in one seat at a time, buffers included. Held by the host's lock and, should that
      // code be wrong, by this. A hold that is past its time still counts here: a transaction that disregards it writes it EXPIRED
      // first. Time comes before seats, which means the same and lets a look at all seats of some time use the index.
      name: "bookings_no_overlap",
      expression:
        "exclude using gist (host_id with =, occupied with &&, seat with =) where (state in ('HELD', 'CONFIRMED'))",
    },
    { name: "bookings_occupied_holds_during", expression: "occupied @> during" },
    { name: "bookings_occupied_length", expression: "upper(occupied) - lower(occupied) <= '72:00:00'::interval" },
    { name: "bookings_seat", expression: `seat >= 1 and seat <= ${SEATS_MAX}` },
    { name: "bookings_length", expression: "upper(during) - lower(during) <= '24:00:00'::interval" },
    { name: "bookings_state", expression: `state in (${STATES})` },
    { name: "bookings_version_positive", expression: "version >= 1" },
    { name: "bookings_sequence_positive", expression: "sequence >= 1" },
    {
      name: "bookings_expire_time_of_holds",
      expression: "(expire_time is not null) = (state in ('HELD', 'EXPIRED'))",
    },
  ],
  indexes: [
    {
      name: "bookings_by_host",
      expression: "create index bookings_by_host on bookings (host_id, lower(during), id)",
    },
    {
      // One standing booking is called so. Where nothing is said of the name, the index costs nothing.
      name: "bookings_external_id_key",
      expression:
        "create unique index bookings_external_id_key on bookings (host_id, external_id) " +
        "where external_id is not null and state in ('HELD', 'CONFIRMED')",
    },
    {
      name: "bookings_by_external_id",
      expression:
        "create index bookings_by_external_id on bookings (host_id, external_id) where external_id is not null",
    },
    {
      name: "bookings_by_guest",
      expression: "create index bookings_by_guest on bookings (guest_id, lower(during), id)",
    },
    {
      // For the sweeper. Holds are few and short-lived: a partial index stays as small as they are.
      name: "bookings_held_by_expire_time",
      expression: "create index bookings_held_by_expire_time on bookings (expire_time) where state = 'HELD'",
    },
    {
      // For the limits on a guest's holds.
      name: "bookings_held_by_guest",
      expression: "create index bookings_held_by_guest on bookings (guest_id, expire_time) where state = 'HELD'",
    },
    {
      // Whether a host ever had a booking of a guest, however many either has.
      name: "bookings_by_guest_and_host",
      expression: "create index bookings_by_guest_and_host on bookings (guest_id, host_id)",
    },
    {
      // What is left to erase of a guest. Where nothing is said, the index costs nothing, as the next one.
      name: "bookings_said_by_guest",
      expression: `create index bookings_said_by_guest on bookings (guest_id, id) where ${SAID}`,
    },
  ],
});

/** The feed: each change of a booking with the whole booking after it. Kept for ever unless EVENTS_KEPT_DAYS says otherwise. */
export const BookingEvent = defineEntity({
  name: "BookingEvent",
  tableName: "booking_events",
  properties: {
    hostId: p.uuid().primary(),
    sequence: p.bigint("number").primary().autoincrement(false),
    kind: p.text(),
    actor: p.text(),
    eventTime: p.datetime(3),
    bookingId: p.uuid(),
    ...bookingColumns,
  },
  checks: [
    { name: "booking_events_sequence_positive", expression: "sequence >= 1" },
    {
      name: "booking_events_kind",
      expression: "kind in ('HELD', 'CONFIRMED', 'RESCHEDULED', 'CANCELLED', 'EXPIRED', 'ERASED')",
    },
    { name: "booking_events_state", expression: `state in (${STATES})` },
  ],
  indexes: [
    {
      name: "booking_events_said_by_guest",
      expression: `create index booking_events_said_by_guest on booking_events (guest_id) where ${SAID}`,
    },
  ],
});

/**
 * The requests that were carried out, written with what they did. The answer is the booking after the event of this
 * sequence; one that changed nothing has the booking's last.
 */
export const Request = defineEntity({
  name: "Request",
  tableName: "requests",
  properties: {
    ...requestColumns,
    sequence: p.bigint("number"),
    /** The booking's guest, where the request says something about the booking: its hash could be guessed from. Or null. */
    guestId: p.uuid().nullable(),
  },
  ...requestRules,
  indexes: [
    ...requestRules.indexes,
    {
      name: "requests_by_guest",
      expression: "create index requests_by_guest on requests (guest_id) where guest_id is not null",
    },
  ],
});

/** Users of whom Availability has told, as they are by the highest version that it has told. Others are active. Never deleted. */
export const User = defineEntity({
  name: "User",
  tableName: "users",
  properties: {
    userId: p.uuid().primary(),
    state: p.text(),
    version: p.bigint("number"),
    updateTime: p.datetime(3),
    /** Since when everything has followed from the state (`scheduling/fence-user.ts`). Null: not yet. */
    completeTime: p.datetime(3).nullable(),
  },
  checks: [
    { name: "users_state", expression: "state in ('ACTIVE', 'DEACTIVATED', 'ERASED')" },
    { name: "users_version_positive", expression: "version >= 1" },
  ],
});

/** One row for each run of `npm run after-restore`: what all generations and sequences were raised to (`restores.ts`). Never deleted. */
export const Restore = defineEntity({
  name: "Restore",
  tableName: "restores",
  properties: {
    raisedTo: p.bigint("number").primary().autoincrement(false),
    restoreTime: p.datetime(3).defaultRaw("clock_timestamp()"),
  },
  checks: [{ name: "restores_raised_to_positive", expression: "raised_to >= 1" }],
});

export const bookingTables = [Host, Booking, BookingEvent, Request, User, Restore];
