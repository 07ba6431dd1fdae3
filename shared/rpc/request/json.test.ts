import { create, equals } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  AddAvailabilityRequestSchema,
  SetWeeklyHoursRequestSchema,
  SnapshotAvailabilityRequestSchema,
} from "../../gen/availability/v1/availability_service_pb.ts";
import { CreateUserRequestSchema } from "../../gen/availability/v1/user_service_pb.ts";
import { ListBookingsRequestSchema } from "../../gen/booking/v1/booking_service_pb.ts";
import { FenceHostRequestSchema } from "../../gen/booking/v1/fence_service_pb.ts";
import { VIOLATIONS_MAX } from "../../limits.ts";
import { decodeJson } from "./json.ts";
import type { OffsetRule } from "./rfc3339.ts";
import { timestamp } from "../timestamp.ts";

const SEED = {
  hostId: "uuid",
  startTime: "2025-01-01T10:00:00Z",
  endTime: "2025-01-01T13:00:00Z",
  slotDuration: 30,
};

function badFields(value: unknown, offsets: OffsetRule = "accept"): string[] {
  const decoded = decodeJson(AddAvailabilityRequestSchema, value, { offsets });
  return "message" in decoded ? [] : decoded.violations.map(({ field }) => field);
}

test("the body of seed.md is read to the letter, and so are the contract's own names", () => {
  const message = create(AddAvailabilityRequestSchema, {
    hostId: "uuid",
    startTime: timestamp(Date.UTC(2025, 0, 1, 10)),
    endTime: timestamp(Date.UTC(2025, 0, 1, 13)),
    slotDurationMinutes: 30,
  });
  const { hostId, startTime, endTime, slotDuration } = SEED;
  const byProtoName = {
    host_id: hostId,
    start_time: startTime,
    end_time: endTime,
    slot_duration_minutes: slotDuration,
  };
  const inFull = { hostId, startTime, endTime, slotDurationMinutes: slotDuration };
  for (const value of [SEED, byProtoName, inFull]) {
    const decoded = decodeJson(AddAvailabilityRequestSchema, value, { offsets: "refuse" });
    expect("message" in decoded && equals(AddAvailabilityRequestSchema, decoded.message, message)).toBe(true);
  }
});

test("every bad field is named, as the contract names it", () => {
  const value = { hostId: 7, startTime: "2027-02-31T10:00:00Z", slotDuration: 0.5, slotLength: 30 };
  expect(badFields(value)).toEqual(["host_id", "start_time", "slot_duration_minutes", "slotLength"]);
});

test.each([
  ["an unknown field", { ...SEED, holdSecond: 60 }, ["holdSecond"]],
  ["a name of the prototype", JSON.parse('{"__proto__":{"hostId":"x"}}'), ["__proto__"]],
  ["a field by both of its names", { hostId: "a", host_id: "b" }, ["host_id"]],
  ["a field by its third", { slotDuration: 30, slotDurationMinutes: 30 }, ["slot_duration_minutes"]],
  ["a number of 33 bits", { slotDuration: 2 ** 31 }, ["slot_duration_minutes"]],
  ["a text with a lone surrogate", { hostId: "\uD800" }, ["host_id"]],
  ["a list", [], [""]],
  ["null", null, [""]],
])("%s is refused", (_what, value, fields) => {
  expect(badFields(value)).toEqual(fields);
});

describe("a number", () => {
  test.each([30, "30", "3e1", "30.0", null])("%j is read", (slotDuration) => {
    expect(badFields({ slotDuration })).toEqual([]);
  });

  test.each(["", " 30", "30 ", "0x1e", "0b11", "030", "+30", ".5", "3_0", "NaN", "Infinity", "\u0663"])(
    "%j is none",
    (slotDuration) => {
      expect(badFields({ slotDuration })).toEqual(["slot_duration_minutes"]);
    },
  );

  test("of 64 bits is read no more freely", () => {
    for (const generation of ["", " 5", "0x5"]) {
      const decoded = decodeJson(SnapshotAvailabilityRequestSchema, { generation }, { offsets: "accept" });
      expect(decoded).toMatchObject({ violations: [{ field: "generation" }] });
    }
    const max = "9223372036854775807";
    const decoded = decodeJson(SnapshotAvailabilityRequestSchema, { generation: max }, { offsets: "accept" });
    expect(decoded).toMatchObject({ message: { generation: BigInt(max) } });
  });
});

test("a name of a megabyte is not sent back whole", () => {
  expect(badFields({ ["x".repeat(1_000_000)]: 1 })).toEqual(["x".repeat(64)]);
});

describe("what is inside of a list", () => {
  const RANGE = { day: "MONDAY", start: "09:00", end: "12:30" };

  function badRanges(ranges: unknown): string[] {
    const decoded = decodeJson(SetWeeklyHoursRequestSchema, { ranges }, { offsets: "refuse" });
    return "message" in decoded ? [] : decoded.violations.map(({ field }) => field);
  }

  test("is read as it is outside", () => {
    expect(badRanges([RANGE, { ...RANGE, day: 7 }, {}])).toEqual([]);
    expect(badRanges([])).toEqual([]);
    expect(badRanges(null)).toEqual([]);
  });

  test("is named by its place, all of it", () => {
    const ranges = [RANGE, { day: "monday", start: 9, ends: "" }, null, "09:00-12:30", { ...RANGE, end: ["12:30"] }];
    const all = ["ranges[1].day", "ranges[1].start", "ranges[1].ends", "ranges[2]", "ranges[3]", "ranges[4].end"];
    expect(badRanges(ranges)).toEqual(all);
    expect(badRanges({})).toEqual(["ranges"]);
  });

  test("is a time as strictly as outside", () => {
    const ranges = [{ startTime: "2027-02-30T00:00:00Z", endTime: "2027-03-01T00:00:00+02:00" }];
    const decoded = decodeJson(FenceHostRequestSchema, { ranges }, { offsets: "refuse" });
    const fields = [{ field: "ranges[0].start_time" }, { field: "ranges[0].end_time" }];
    expect(decoded).toMatchObject({ violations: fields });
  });

  test("is not looked at where there is too much of it, and no longer than an answer has room", () => {
    const wrong = Array.from({ length: 51 }, () => ({ day: "no", start: 1, end: 1, more: 1, and: 1 }));
    expect(badRanges(wrong)).toEqual(["ranges"]);
    expect(badRanges(wrong.slice(1)).length).toBeGreaterThanOrEqual(VIOLATIONS_MAX);
    expect(badRanges(wrong.slice(1)).length).toBeLessThan(VIOLATIONS_MAX + 5);
  });
});

test("enums and lists say what they would take", () => {
  const user = decodeJson(CreateUserRequestSchema, { role: "HOST" }, { offsets: "accept" });
  expect(user).toEqual({
    violations: [{ field: "role", description: "must be one of ROLE_UNSPECIFIED, ROLE_HOST, ROLE_USER" }],
  });
  const bookings = decodeJson(ListBookingsRequestSchema, { states: "BOOKING_STATE_HELD" }, { offsets: "accept" });
  expect(bookings).toMatchObject({ violations: [{ field: "states" }] });
});

describe("a time", () => {
  test.each([
    "2027-02-28T23:59:59Z",
    "2028-02-29T00:00:00.123Z",
    "2000-02-29T00:00:00Z",
    "2027-01-01T00:00:00+02:00",
    "2027-01-01T00:00:00-23:59",
  ])("%s is accepted", (startTime) => {
    expect(badFields({ startTime })).toEqual([]);
  });

  test.each([
    "2027-02-29T00:00:00Z",
    "2027-02-31T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2027-04-31T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2027-13-01T00:00:00Z",
    "2027-00-01T00:00:00Z",
    "2027-01-00T00:00:00Z",
    "2027-01-01T24:00:00Z",
    "2027-01-01T25:00:00Z",
    "2027-01-01T00:60:00Z",
    "2027-01-01T23:59:60Z",
    "2027-01-01T00:00:00+24:00",
    "2027-01-01T00:00:00+02:60",
    "2027-01-01T00:00:00",
    "2027-01-01 00:00:00Z",
    "2027-01-01",
    "2027-01-01T00:00:00Z\n",
    "",
  ])("%j is refused", (startTime) => {
    expect(badFields({ startTime })).toEqual(["start_time"]);
  });

  test.each(["2027-01-01T00:00:00+00:00", "2027-01-01T00:00:00.5+00:00"])("%s is UTC, as Python writes it", (time) => {
    expect(badFields({ startTime: time }, "refuse")).toEqual([]);
  });

  test.each(["+02:00", "+00:01", "-00:00"])("with the offset %s is refused where only UTC is taken", (offset) => {
    expect(badFields({ startTime: `2027-01-01T00:00:00${offset}` }, "refuse")).toEqual(["start_time"]);
  });
});

test("wrong fields are looked for no longer than an answer has room for them", () => {
  const unknown = Object.fromEntries(Array.from({ length: 8_000 }, (_, index) => [`f${index}`, 0]));
  expect(badFields(unknown)).toEqual(Object.keys(unknown).slice(0, VIOLATIONS_MAX));
});
