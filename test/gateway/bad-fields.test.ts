/** Which fields the gateway names, of a request that is not good. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bookable, SEED, startBookable, time } from "./bookable.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn } from "./started.ts";
import { tomorrow } from "../support/people.ts";

let bookable: Bookable;
let gateway: GatewayUnderTest;
let hostId: string;

beforeAll(async () => {
  bookable = await startBookable();
  ({ gateway, hostId } = bookable);
});
afterAll(() => bookable.stop());

describe("the request of the seed", () => {
  test.each<[string, object, string, (string | undefined)[]]>([
    [
      "nothing is there",
      { hostId: undefined, startTime: undefined, endTime: undefined, slotDuration: undefined },
      "INVALID_REQUEST",
      ["hostId", "startTime", "endTime", "slotDuration"],
    ],
    ["hostId is not a UUID", { hostId: "uuid" }, "INVALID_REQUEST", ["hostId"]],
    ["startTime is no ISO timestamp", { startTime: "1.1.2025 10:00" }, "INVALID_REQUEST", ["startTime"]],
    ["endTime does not exist", { endTime: "2025-02-30T13:00:00Z" }, "INVALID_REQUEST", ["endTime"]],
    ["startTime is not UTC", { startTime: "2025-01-01T10:00:00+02:00" }, "INVALID_REQUEST", ["startTime"]],
    ["endTime is not greater", { endTime: SEED.startTime }, "INVALID_REQUEST", ["endTime"]],
    ["slotDuration is not greater than 0", { slotDuration: 0 }, "INVALID_REQUEST", ["slotDuration"]],
    ["slotDuration is no whole number", { slotDuration: 7.5 }, "INVALID_REQUEST", ["slotDuration"]],
    ["a field is not one", { slotDurations: 30 }, "INVALID_REQUEST", ["slotDurations"]],
    [
      "some cannot be read and others break their rules",
      { hostId: "uuid", startTime: "now", slotDuration: 0 },
      "INVALID_REQUEST",
      ["startTime", "hostId", "slotDuration"],
    ],
    [
      "one cannot be read and the times are swapped",
      { slotDuration: "x", endTime: "2024-01-01T00:00:00Z" },
      "INVALID_REQUEST",
      ["slotDuration", "endTime"],
    ],
    [
      "one cannot be read and the other is too fine",
      { startTime: "2025-01-01T10:00:00.0001Z", endTime: "x" },
      "INVALID_REQUEST",
      ["startTime", "endTime"],
    ],
    [
      "one is not a field and a time is too late for us",
      { endTime: "2200-01-01T00:00:00Z", more: 1 },
      "INVALID_REQUEST",
      ["endTime", "more"],
    ],
    [
      "one is not a field and the range is too long",
      { endTime: "2026-01-02T10:00:00.001Z", more: 1 },
      "INVALID_REQUEST",
      ["endTime", "more"],
    ],
    [
      "one is not a field and the range is as long as may be",
      { endTime: "2026-01-02T10:00:00Z", more: 1 },
      "INVALID_REQUEST",
      ["more"],
    ],
    ["hostId belongs to nobody", { hostId: randomUUID() }, "USER_NOT_FOUND", []],
    ["slotDuration is not that of the host", { slotDuration: 45 }, "SLOT_DURATION_MISMATCH", []],
  ])("is refused where %s", async (_what, change, reason, fields) => {
    const refused = await gateway.call("POST", "/availability", { body: { hostId, ...SEED, ...change } });
    expect([refused.status, reasonIn(refused), new Set(fieldsIn(refused))]).toEqual([
      reason === "USER_NOT_FOUND" ? 404 : 400,
      reason,
      new Set(fields),
    ]);
  });

  test("is refused where hostId belongs to a guest", async () => {
    const refused = await gateway.call("POST", "/availability", { body: { hostId: bookable.guestId, ...SEED } });
    expect([refused.status, reasonIn(refused)]).toEqual([400, "NOT_A_HOST"]);
  });
});

describe("beside a field that cannot be read, others are named by what the contract says of them", () => {
  const id = "/bookings/0190a000-0000-7000-8000-000000000001";
  const hours = "/hosts/0190a000-0000-7000-8000-000000000001/weekly-hours";

  test.each<[what: string, httpMethod: string, path: string, body: object | undefined, fields: string[]]>([
    ["what is missing", "POST", "/users", { x: 1 }, ["x", "email", "displayName", "role"]],
    [
      "a role that is none",
      "POST",
      "/users",
      { x: 1, email: "a@b.de", displayName: "A", role: "ROLE_UNSPECIFIED" },
      ["x", "role"],
    ],
    [
      "a text that is too long",
      "POST",
      "/users",
      { x: 1, email: "a@b.de", displayName: "é".repeat(201), role: 1 },
      ["x", "displayName"],
    ],
    [
      "an etag, likewise",
      "POST",
      `${id}:cancel`,
      { x: 1, etag: "1".repeat(65), requestId: "once" },
      ["x", "etag", "requestId"],
    ],
    [
      "neither of two of which one is required",
      "GET",
      "/bookings?x=1&page_size=-1",
      undefined,
      ["x", "hostId", "page_size"],
    ],
    [
      "a token that is too long",
      "GET",
      `/bookings?x=1&guest_id=1&page_token=${"a".repeat(1025)}`,
      undefined,
      ["x", "guest_id", "page_token"],
    ],
    [
      "a number out of its range",
      "GET",
      "/bookings:watch?x=1&after_sequence=-1",
      undefined,
      ["x", "hostId", "after_sequence"],
    ],
    [
      "2^53",
      "GET",
      "/bookings:watch?x=1&after_sequence=9007199254740992",
      undefined,
      ["x", "hostId", "after_sequence"],
    ],
    ["what weekly hours need", "PUT", "/hosts/1/weekly-hours", { x: 1 }, ["x", "host_id", "timeZone", "slotDuration"]],
    [
      "a date, a zone and an answer for bookings that are none",
      "PUT",
      hours,
      { x: 1, slotDuration: 30, fromDate: "2027-02-30", timeZone: "+02:00", booked: 7 },
      ["x", "fromDate", "timeZone", "booked"],
    ],
    [
      "what is wrong with ranges, of which others cannot be read",
      "PUT",
      hours,
      {
        timeZone: "UTC",
        slotDuration: 30,
        ranges: [
          { day: "monday", start: 9, end: "24:01" },
          { day: "SUNDAY", start: "24:00", end: "24:00", ends: "" },
          { day: 0, start: "12:00", end: "12:00" },
          "MONDAY",
        ],
      },
      [
        "ranges[0].day",
        "ranges[0].start",
        "ranges[1].ends",
        "ranges[3]",
        "ranges[0].end",
        "ranges[1].start",
        "ranges[2].day",
        "ranges[2].end",
      ],
    ],
    [
      "too many ranges, and none of them",
      "PUT",
      hours,
      { x: 1, timeZone: "UTC", slotDuration: 30, ranges: Array.from({ length: 51 }, () => ({})) },
      ["x", "ranges"],
    ],
    [
      "a hold of a second and a booking of 25 hours",
      "POST",
      "/bookings",
      { x: 1, startTime: time(tomorrow(9)), endTime: time(tomorrow(34)), holdSeconds: 1 },
      ["x", "hostId", "guestId", "endTime", "holdSeconds"],
    ],
  ])("%s", async (_what, httpMethod, path, body, fields) => {
    const refused = await gateway.call(httpMethod, path, { body });
    expect([refused.status, reasonIn(refused), fieldsIn(refused)]).toEqual([400, "INVALID_REQUEST", fields]);
  });
});
