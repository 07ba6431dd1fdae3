import { create } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type FieldViolation, Refusal } from "../../errors.ts";
import { Role, RoleSchema } from "../../gen/availability/v1/user_pb.ts";
import { DAY_MS } from "../../time-units.ts";
import { VIOLATIONS_MAX } from "../../limits.ts";
import {
  email,
  enumValue,
  etag,
  holdSeconds,
  instant,
  list,
  optionalEnumValue,
  optionalInstant,
  pageSize,
  parse,
  requestId,
  sequence,
  slotDurationMinutes,
  visibleText,
  uuid,
  withInterval,
  withWindow,
} from "./parse.ts";
import { invalidRequest } from "./invalid-request.ts";
import { timestamp } from "../timestamp.ts";

const ID = "0190f3a1-7c3e-7d5a-9f00-0123456789ab";
const NOON = Date.UTC(2027, 0, 1, 12);

function violations(schema: z.ZodType, message: unknown): readonly FieldViolation[] {
  try {
    parse(schema, message);
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.reason === "INVALID_REQUEST") return thrown.details.fields ?? [];
    throw thrown;
  }
  return [];
}

function badFields(schema: z.ZodType, message: unknown): string[] {
  return violations(schema, message).map(({ field }) => field);
}

function at(seconds: bigint, nanos: number) {
  return create(TimestampSchema, { seconds, nanos });
}

describe("parse", () => {
  test("names every bad field as the contract does, the order of the ends included", () => {
    const schema = withInterval({ hostId: uuid, slotDurationMinutes, requestId });
    const message = {
      hostId: "",
      slotDurationMinutes: 0,
      requestId: "x",
      startTime: timestamp(NOON),
      endTime: timestamp(NOON),
    };
    expect(badFields(schema, message).toSorted()).toEqual([
      "end_time",
      "host_id",
      "request_id",
      "slot_duration_minutes",
    ]);
  });

  test("names an end that precedes its start beside every other kind of bad field", () => {
    const fields = {
      hostId: uuid,
      role: enumValue(RoleSchema),
      roles: z.array(enumValue(RoleSchema)),
      pageSize,
      sequence,
    };
    const bad = { hostId: "", role: 99, roles: [99], pageSize: -1, sequence: -1n };
    const ends = { startTime: timestamp(NOON), endTime: timestamp(NOON) };
    const all = ["end_time", "host_id", "page_size", "role", "roles[0]", "sequence"];
    expect(badFields(withWindow(fields, DAY_MS), { ...bad, ...ends }).toSorted()).toEqual(all);
    expect(badFields(withInterval(fields, DAY_MS), { ...bad, ...ends }).toSorted()).toEqual(all);
  });

  test("gives domain values for a good request", () => {
    const schema = withInterval({ hostId: uuid, requestId });
    const message = {
      hostId: ID.toUpperCase(),
      requestId: "",
      startTime: timestamp(NOON),
      endTime: timestamp(NOON + 1),
      ignored: 1,
    };
    expect(parse(schema, message)).toEqual({
      hostId: ID,
      requestId: undefined,
      during: { start: NOON, end: NOON + 1 },
    });
  });

  test("names a field inside a list by its index", () => {
    const schema = z.object({ ranges: z.array(withInterval({})) });
    expect(badFields(schema, { ranges: [{ startTime: timestamp(NOON) }] })).toEqual(["ranges[0].end_time"]);
  });

  test("limits the length of an interval and of a window", () => {
    const ends = { startTime: timestamp(NOON), endTime: timestamp(NOON + DAY_MS + 1) };
    expect(violations(withInterval({}, DAY_MS), ends)).toEqual([
      { field: "end_time", description: "must be at most 24 hours after start_time" },
    ]);
    expect(badFields(withWindow({}, DAY_MS), ends)).toEqual(["end_time"]);
    expect(parse(withWindow({}, DAY_MS), {})).toEqual({ startTime: undefined, endTime: undefined });
  });
});

describe("a single field", () => {
  const rows: readonly (readonly [what: string, schema: z.ZodType, given: unknown, becomes: unknown])[] = [
    ["id in upper case", uuid, ID.toUpperCase(), ID],
    ["epoch", instant, at(0n, 0), 0],
    ["last instant", instant, at(7_258_118_399n, 999_000_000), Date.UTC(2200, 0, 1) - 1],
    ["unset time", optionalInstant, undefined, undefined],
    ["page size by default", pageSize, 0, 50],
    ["largest page", pageSize, 500, 500],
    ["no hold", holdSeconds, 0, undefined],
    ["hold", holdSeconds, 10, 10],
    ["no etag", etag, "", undefined],
    ["sequence", sequence, 7n, 7],
    ["text of 200 characters that take two units each", visibleText(200), "🙂".repeat(200), "🙂".repeat(200)],
    ["e-mail address", email, "a.b+c@example.org", "a.b+c@example.org"],
    ["role", enumValue(RoleSchema), Role.HOST, Role.HOST],
    ["role that may be unset", optionalEnumValue(RoleSchema), Role.HOST, Role.HOST],
    ["unset role", optionalEnumValue(RoleSchema), Role.UNSPECIFIED, undefined],
  ];
  test.each(rows)("%s is accepted", (_what, schema, given, becomes) => {
    expect(parse(z.object({ it: schema }), { it: given }).it).toEqual(becomes);
  });

  const bad: readonly (readonly [what: string, schema: z.ZodType, given: unknown])[] = [
    ["no id", uuid, ""],
    ["id in braces", uuid, `{${ID}}`],
    ["id with a line feed", uuid, `${ID}\n`],
    ["id without hyphens", uuid, ID.replaceAll("-", "")],
    ["no time", instant, undefined],
    ["half a millisecond", instant, at(0n, 500_000)],
    ["a nanosecond", instant, at(0n, 1)],
    ["negative nanoseconds", instant, at(1n, -1_000_000)],
    ["a second of nanoseconds", instant, at(0n, 1_000_000_000)],
    ["1969", instant, at(-1n, 999_000_000)],
    ["2200", instant, at(7_258_118_400n, 0)],
    ["year 9999", instant, at(253_402_300_799n, 0)],
    ["2^63 - 1 seconds", instant, at(2n ** 63n - 1n, 0)],
    ["slot of 0 minutes", slotDurationMinutes, 0],
    ["slot of -1 minutes", slotDurationMinutes, -1],
    ["slot of 1441 minutes", slotDurationMinutes, 1441],
    ["page of -1", pageSize, -1],
    ["page of a million", pageSize, 1_000_000],
    ["hold of 9 seconds", holdSeconds, 9],
    ["negative sequence", sequence, -1n],
    ["sequence of 2^53", sequence, 2n ** 53n],
    ["NUL", visibleText(200), "a\0b"],
    ["line feed", visibleText(200), "a\nb"],
    ["C1 control", visibleText(200), "a\u0085b"],
    ["lone surrogate", visibleText(200), "a\uD800"],
    ["empty text", visibleText(200), ""],
    ["201 characters", visibleText(200), "🙂".repeat(201)],
    ["an accent on nothing", visibleText(200), "\u0301"],
    ["a letter that is private", visibleText(200), "\uE000"],
    ["what is no letter", visibleText(200), "\uFFFF"],
    ["a name that turns what follows around", visibleText(200), "moc.elpmaxe\u202Ea"],
    ["a name that isolates itself", visibleText(200), "\u2067a\u2069"],
    ["address without a domain", email, "a@b"],
    ["address with a space", email, "a b@example.org"],
    ["etag of 65 characters", etag, "x".repeat(65)],
    ["unspecified role", enumValue(RoleSchema), Role.UNSPECIFIED],
    ["unknown role", enumValue(RoleSchema), 9],
    ["unknown role that may be unset", optionalEnumValue(RoleSchema), 9],
  ];
  test.each(bad)("%s is refused", (_what, schema, given) => {
    expect(badFields(z.object({ someField: schema }), { someField: given })).toEqual(["some_field"]);
  });
});

describe("a repeated field", () => {
  test("is counted before an item is looked at", () => {
    let looked = 0;
    const item = z.custom(() => {
      looked += 1;
      return false;
    });
    const schema = z.object({ all: list(item, 3) });
    expect(violations(schema, { all: [1, 2, 3, 4] })).toEqual([{ field: "all", description: "has more than 3 items" }]);
    expect(looked).toBe(0);
    expect(violations(schema, { all: [1, 2, 3] }).map(({ field }) => field)).toEqual(["all[0]", "all[1]", "all[2]"]);
  });

  test("that is too long hides nothing that is wrong beside it", () => {
    const schema = withWindow({ all: list(z.number(), 1), hostId: uuid }, DAY_MS);
    const wrong = { all: [1, 2], hostId: "it", startTime: timestamp(NOON), endTime: timestamp(NOON) };
    expect(violations(schema, wrong).map(({ field }) => field)).toEqual(["all", "host_id", "end_time"]);
  });
});

test("a refusal keeps no more fields than an answer has room for", () => {
  const fields = Array.from({ length: 1_000 }, (_, index) => ({ field: `f${index}`, description: "is wrong" }));
  expect(invalidRequest(fields).details.fields).toEqual(fields.slice(0, VIOLATIONS_MAX));
});
