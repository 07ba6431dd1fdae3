/**
 * The tables of the availability database as MikroORM maps them. They are made by the migrations beside this file; a test
 * keeps the two the same.
 */

import { defineEntity, p } from "@mikro-orm/core";
import { intervalChecks } from "../../../shared/postgres/interval-checks.ts";
import { requestColumns, requestRules } from "../../../shared/postgres/requests-table.ts";

/** Hosts and guests. Never deleted, and a role never changes. */
export const User = defineEntity({
  name: "User",
  tableName: "users",
  properties: {
    id: p.uuid().primary(),
    email: p.text(),
    displayName: p.text(),
    role: p.text().$type<"HOST" | "USER">(),
    createTime: p.datetime(3).defaultRaw("clock_timestamp()"),
  },
  checks: [
    { name: "users_email_length", expression: "char_length(email) >= 1 and char_length(email) <= 254" },
    {
      name: "users_display_name_length",
      expression: "char_length(display_name) >= 1 and char_length(display_name) <= 200",
    },
    { name: "users_role", expression: "role in ('HOST', 'USER')" },
  ],
  indexes: [
    {
      name: "users_email_key",
      expression: "create unique index users_email_key on users (lower(email))",
    },
    {
      // For pages of one role: without it, a page of the rarer role would read all users of the other.
      name: "users_by_role",
      expression: "create index users_by_role on users (role, id)",
    },
  ],
});

export const Availability = defineEntity({
  name: "Availability",
  tableName: "availability",
  properties: {
    host: () =>
      p
        .manyToOne(User)
        .primary()
        .fieldName("host_id")
        .foreignKeyName("availability_host_id_fkey")
        .updateRule("no action"),
    id: p.uuid().primary(),
    during: p.string().columnType("tstzrange"),
    slotDurationMinutes: p.integer(),
    createTime: p.datetime(3).defaultRaw("clock_timestamp()"),
  },
  checks: [
    ...intervalChecks("availability"),
    {
      // The intervals of a host neither overlap nor touch. Held by the host's lock and, should that code be wrong, by
      // this: the closed ranges `[start, end]` of two that only touch overlap.
      name: "availability_never_touching",
      expression: "exclude using gist (host_id with =, tstzrange(lower(during), upper(during), '[]') with &&)",
    },
    {
      name: "availability_one_slot_duration",
      expression: "exclude using gist (host_id with =, slot_duration_minutes with <>)",
    },
    {
      name: "availability_slot_duration_minutes",
      expression: "slot_duration_minutes >= 1 and slot_duration_minutes <= 1440",
    },
  ],
  indexes: [
    {
      // Intervals of a host never overlap, so those that meet a window are the last that starts before it, at most, and
      // those that start in it: two bounded scans of this index, in the order in which pages are read.
      name: "availability_by_host",
      expression: "create index availability_by_host on availability (host_id, lower(during))",
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

export const availabilityTables = [User, Availability, Request];
