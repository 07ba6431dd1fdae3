/**
 * The tables of the availability database as MikroORM maps them. They are made by the migrations beside this file; a test
 * keeps the two the same.
 */

import { defineEntity, p } from "@mikro-orm/core";
import { intervalChecks } from "../../../shared/postgres/interval-checks.ts";
import { requestColumns, requestRules } from "../../../shared/postgres/requests-table.ts";
import type { Role, UserState } from "../domain/user.ts";

/** Of the tables that have time in which a host is open, or is not. */
const exceptionColumns = {
  during: p.string().columnType("tstzrange").primary(),
  createTime: p.datetime(3).defaultRaw("clock_timestamp()"),
};

function exceptionRules(table: string) {
  return {
    checks: [
      ...intervalChecks(table),
      {
        // The intervals of a host neither overlap nor touch. Held by the host's lock and, should that code be wrong, by
        // this: the closed ranges `[start, end]` of two that only touch overlap.
        name: `${table}_never_touching`,
        expression: "exclude using gist (host_id with =, tstzrange(lower(during), upper(during), '[]') with &&)",
      },
    ],
    indexes: [
      {
        // Intervals of a host never overlap, so those that meet a window are the last that starts before it, at most, and
        // those that start in it: two bounded scans of this index, in the order in which pages are read.
        name: `${table}_by_host`,
        expression: `create index ${table}_by_host on ${table} (host_id, lower(during))`,
      },
    ],
  };
}

function hostOf(table: string) {
  return p.manyToOne(User).fieldName("host_id").foreignKeyName(`${table}_host_id_fkey`).updateRule("no action");
}

/** Hosts and guests. Never deleted, and a role never changes. Of who is erased nothing personal is left. */
export const User = defineEntity({
  name: "User",
  tableName: "users",
  properties: {
    id: p.uuid().primary(),
    /** As the person wrote it. */
    email: p.text().nullable(),
    /** What makes addresses the same (`domain/email.ts`). Text of the database's own locale would fold and sort it in another way on each. */
    emailKey: p.text().nullable().collation("C"),
    displayName: p.text().nullable(),
    role: p.text().$type<Role>(),
    externalId: p.text().nullable().collation("C"),
    state: p.text().$type<UserState>().defaultRaw("'ACTIVE'"),
    /** Counts changes, from 1. */
    version: p.integer().defaultRaw("1"),
    /** The last version of which Booking has done all that it has to, or that does not concern it. */
    toldVersion: p.integer().defaultRaw("1"),
    createTime: p.datetime(3).defaultRaw("clock_timestamp()"),
    eraseTime: p.datetime(3).nullable(),
  },
  checks: [
    { name: "users_email_length", expression: "char_length(email) >= 1 and char_length(email) <= 254" },
    { name: "users_email_key_length", expression: "char_length(email_key) >= 1 and char_length(email_key) <= 1024" },
    {
      name: "users_display_name_length",
      expression: "char_length(display_name) >= 1 and char_length(display_name) <= 200",
    },
    { name: "users_role", expression: "role in ('HOST', 'USER')" },
    {
      name: "users_external_id_length",
      expression: "char_length(external_id) >= 1 and char_length(external_id) <= 255",
    },
    { name: "users_state", expression: "state in ('ACTIVE', 'DEACTIVATED', 'ERASED')" },
    { name: "users_told_version", expression: "told_version >= 1 and told_version <= version" },
    {
      name: "users_erased_is_nobody",
      expression:
        "state <> 'ERASED' or (email is null and email_key is null and display_name is null and external_id is null and erase_time is not null)",
    },
    {
      name: "users_other_is_somebody",
      expression:
        "state = 'ERASED' or (email is not null and email_key is not null and display_name is not null and erase_time is null)",
    },
  ],
  indexes: [
    // Partial, so that PostgreSQL takes their columns for no key that others might refer to: else a change of an address would
    // wait for every change of the host's open time, which refers to this row while it waits for Booking.
    {
      name: "users_email_key",
      expression: "create unique index users_email_key on users (email_key) where email_key is not null",
    },
    {
      name: "users_external_id",
      expression: "create unique index users_external_id on users (external_id) where external_id is not null",
    },
    {
      // For pages of one role: without it, a page of the rarer role would read all users of the other.
      name: "users_by_role",
      expression: "create index users_by_role on users (role, id)",
    },
    {
      // For pages of what guests may see: few hosts may be active among many that were.
      name: "users_active_hosts",
      expression: "create index users_active_hosts on users (id) where role = 'HOST' and state = 'ACTIVE'",
    },
    {
      // Those of whom Booking is to be told: hardly ever any.
      name: "users_to_tell",
      expression: "create index users_to_tell on users (id) where told_version < version",
    },
  ],
});

/** A host's rules, and the version of its weekly hours. Made with the first of either, or of open time; never deleted. */
export const Calendar = defineEntity({
  name: "Calendar",
  tableName: "calendars",
  properties: {
    host: () => hostOf("calendars").primary(),
    /** In the key, so that each opening can refer to it and none can have another. 0: none was ever set. */
    slotDurationMinutes: p.integer().primary(),
    minimumNoticeMinutes: p.integer().defaultRaw("0"),
    horizonDays: p.integer().defaultRaw("0"),
    bufferBeforeMinutes: p.integer().defaultRaw("0"),
    bufferAfterMinutes: p.integer().defaultRaw("0"),
    seats: p.integer().defaultRaw("1"),
    rulesVersion: p.integer().defaultRaw("0"),
    hoursVersion: p.integer().defaultRaw("0"),
  },
  uniques: [{ name: "calendars_host_id_key", properties: ["host"] }],
  checks: [
    {
      name: "calendars_slot_duration_minutes",
      expression: "slot_duration_minutes >= 0 and slot_duration_minutes <= 1440",
    },
    {
      name: "calendars_minimum_notice_minutes",
      expression: "minimum_notice_minutes >= 0 and minimum_notice_minutes <= 527040",
    },
    { name: "calendars_horizon_days", expression: "horizon_days >= 0 and horizon_days <= 3660" },
    {
      name: "calendars_buffer_before_minutes",
      expression: "buffer_before_minutes >= 0 and buffer_before_minutes <= 1440",
    },
    {
      name: "calendars_buffer_after_minutes",
      expression: "buffer_after_minutes >= 0 and buffer_after_minutes <= 1440",
    },
    { name: "calendars_seats", expression: "seats >= 1 and seats <= 1000" },
    { name: "calendars_rules_version_not_negative", expression: "rules_version >= 0" },
    { name: "calendars_hours_version_not_negative", expression: "hours_version >= 0" },
  ],
});

const openingRules = exceptionRules("openings");
openingRules.checks.push({ name: "openings_slot_duration_minutes", expression: "slot_duration_minutes >= 1" });

/** Time in which a host is open whatever its weekly hours say. */
export const Opening = defineEntity({
  name: "Opening",
  tableName: "openings",
  properties: {
    calendar: () =>
      p
        .manyToOne(Calendar)
        .primary()
        .joinColumns("host_id", "slot_duration_minutes")
        .foreignKeyName("openings_calendar_fkey")
        .updateRule("cascade"),
    ...exceptionColumns,
  },
  ...openingRules,
});

/** Time in which a host is not open though its weekly hours may say so. */
export const Closure = defineEntity({
  name: "Closure",
  tableName: "closures",
  properties: { host: () => hostOf("closures").primary(), ...exceptionColumns },
  ...exceptionRules("closures"),
});

/** What a host's week looks like from a local date on. */
export const WeeklyHours = defineEntity({
  name: "WeeklyHours",
  tableName: "weekly_hours",
  properties: {
    host: () => hostOf("weekly_hours").primary(),
    fromDate: p.string().columnType("date").primary(),
    timeZone: p.text(),
  },
  checks: [
    {
      name: "weekly_hours_from_date",
      expression: "from_date >= '1970-01-01'::date and from_date < '2200-01-01'::date",
    },
    {
      name: "weekly_hours_time_zone_length",
      expression: "char_length(time_zone) >= 1 and char_length(time_zone) <= 64",
    },
  ],
});

/** A range of local time on a day of the week, in minutes of the day. */
export const WeeklyRange = defineEntity({
  name: "WeeklyRange",
  tableName: "weekly_ranges",
  properties: {
    hours: () =>
      p
        .manyToOne(WeeklyHours)
        .primary()
        .joinColumns("host_id", "from_date")
        .foreignKeyName("weekly_ranges_hours_fkey")
        .updateRule("no action")
        .deleteRule("cascade"),
    /** 1 is Monday, 7 is Sunday. */
    day: p.smallint().primary(),
    minutes: p.string().columnType("int4range").primary(),
  },
  checks: [
    { name: "weekly_ranges_day", expression: "day >= 1 and day <= 7" },
    {
      name: "weekly_ranges_minutes",
      expression: "not isempty(minutes) and lower(minutes) >= 0 and upper(minutes) <= 1440",
    },
    {
      name: "weekly_ranges_no_overlap",
      expression: "exclude using gist (host_id with =, from_date with =, day with =, minutes with &&)",
    },
  ],
});

/** The requests that were carried out, written with what they did, and the response to each as its contract encodes it. */
export const Request = defineEntity({
  name: "Request",
  tableName: "requests",
  properties: { ...requestColumns, answer: p.type("blob").$type<Buffer>().columnType("bytea") },
  ...requestRules,
});

export const availabilityTables = [User, Calendar, Opening, Closure, WeeklyHours, WeeklyRange, Request];
