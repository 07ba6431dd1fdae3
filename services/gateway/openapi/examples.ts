/** Examples that go well together: pasted as they are, only the ids have to be those of real people. */

import type { DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";

const HOST_ID = "019b5a3c-0000-7000-8000-000000000001";
const GUEST_ID = "019b5a3c-0000-7000-8000-000000000002";
const BOOKING_ID = "019b5a3c-0000-7000-8000-000000000003";
const OTHER_ID = "019b5a3c-0000-7000-8000-000000000004";

/** By the names of fields: one means the same in every message. */
const byName: Readonly<Record<string, JsonValue>> = {
  after_sequence: "0",
  buffer_after_minutes: 10,
  buffer_before_minutes: 0,
  booking_id: BOOKING_ID,
  day: "MONDAY",
  display_name: "Ada",
  duration_minutes: 60,
  email: "ada@example.com",
  end: "12:30",
  end_time: "2030-01-07T13:00:00Z",
  etag: '"1"',
  external_id: "crm-4711",
  from_date: "2030-01-07",
  guest_id: GUEST_ID,
  hold_seconds: 300,
  horizon_days: 60,
  host_id: HOST_ID,
  id: OTHER_ID,
  label: "source=website",
  labels: { source: "website" },
  minimum_notice_minutes: 120,
  note: "The bell does not work.",
  page_size: 50,
  ranges: [
    { day: "MONDAY", start: "09:00", end: "12:30" },
    { day: "MONDAY", start: "13:30", end: "17:00" },
  ],
  request_id: "0b9e0d6a-4a0f-4d0c-9d6b-2f6c1f4f7a11",
  role: "ROLE_HOST",
  reason: "I am ill.",
  seats: 1,
  sequence: "1",
  slot_duration_minutes: 30,
  start: "09:00",
  start_time: "2030-01-07T10:00:00Z",
  state: "BOOKING_STATE_CONFIRMED",
  states: ["BOOKING_STATE_CONFIRMED"],
  time_zone: "Europe/Berlin",
  update_mask: "minimumNoticeMinutes,seats",
  user_id: HOST_ID,
};

/** As an identity provider names people. */
const SUBJECT = "auth0|65f1c0ffee";

/** Those that mean something else than their namesakes. */
const byField: Readonly<Record<string, JsonValue>> = {
  "availability.v1.CreateUserRequest.external_id": SUBJECT,
  "availability.v1.LookupUserRequest.external_id": SUBJECT,
  "availability.v1.UpdateUserRequest.external_id": SUBJECT,
  "availability.v1.UpdateUserRequest.update_mask": "displayName,email",
  "availability.v1.User.external_id": SUBJECT,
  "availability.v1.User.state": "USER_STATE_ACTIVE",
};

/** Undefined for a field that says enough by its type. */
export function exampleOf(field: DescField): JsonValue | undefined {
  return byField[`${field.parent.typeName}.${field.name}`] ?? byName[field.name];
}

/** An object of the fields that have an example, by their names in JSON. */
export function exampleObject(fields: readonly DescField[]): JsonObject {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const example = exampleOf(field);
      return example === undefined ? [] : [[field.jsonName, example]];
    }),
  );
}
