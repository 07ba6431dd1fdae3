import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  LABEL_KEY_MAX_CHARACTERS,
  LABEL_VALUE_MAX_CHARACTERS,
  LABELS_MAX,
  NOTE_MAX_CHARACTERS,
  NOTICE_MINUTES_MAX,
  SEATS_MAX,
} from "../../../shared/limits.ts";
import { readContract } from "../contract/contract.ts";
import { openSchemas } from "./schema.ts";

const { types, comments } = await readContract();
const schemas = openSchemas(comments);

function schemaOf(message: string, name: string): JsonObject {
  const field = types.getMessage(message)?.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`${message} has no ${name}`);
  return schemas.ofField(field);
}

test("a map of a request says what its keys and values may be, and how many there may be", () => {
  expect(schemaOf("booking.v1.CreateBookingRequest", "labels")).toMatchObject({
    type: "object",
    additionalProperties: { type: "string", maxLength: LABEL_VALUE_MAX_CHARACTERS },
    maxProperties: LABELS_MAX,
    propertyNames: { minLength: 1, maxLength: LABEL_KEY_MAX_CHARACTERS, not: { pattern: "=" } },
  });
  // An answer has no rules.
  const { description: _, examples: _examples, ...answered } = schemaOf("booking.v1.Booking", "labels");
  expect(answered).toEqual({ type: "object", additionalProperties: { type: "string" } });
});

test("a field mask is a text", () => {
  const { type, description, examples } = schemaOf("availability.v1.UpdateRulesRequest", "update_mask");
  expect([type, examples]).toEqual(["string", ["minimumNoticeMinutes,seats"]]);
  expect(description).toContain("The fields above that are to change");
});

test("a text that people read has a pattern that every language can read: something in it is no space", () => {
  const { pattern } = schemaOf("availability.v1.CreateUserRequest", "display_name");
  expect(pattern).toBe("^$|\\S");
  const visible = new RegExp(pattern as string);
  expect(["Ada", " A ", ""].map((name) => visible.test(name))).toEqual([true, true, true]);
  expect([" ", "\t\n"].map((name) => visible.test(name))).toEqual([false, false]);
});

test("fields that may be absent have the limits of others", () => {
  const message = "availability.v1.UpdateRulesRequest";
  expect(schemaOf(message, "seats")).toMatchObject({ type: "integer", minimum: 1, maximum: SEATS_MAX });
  expect(schemaOf(message, "minimum_notice_minutes")).toMatchObject({ minimum: 0, maximum: NOTICE_MINUTES_MAX });
  expect(schemaOf("booking.v1.CreateBookingRequest", "note")).toMatchObject({ maxLength: NOTE_MAX_CHARACTERS });
});
