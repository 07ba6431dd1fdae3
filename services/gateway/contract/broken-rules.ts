/** What else is wrong with a request of which some fields cannot be read, as far as the contract's comments tell. */

import { type DescField, type DescMessage, fromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { type Timestamp, timestampMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../../../shared/errors.ts";
import { wrongInstant } from "../../../shared/rpc/request/rules.ts";
import { wrongTime } from "../../../shared/rpc/request/rfc3339.ts";
import type { Comments } from "./comments.ts";
import { type FieldRules, rulesOf } from "./rules.ts";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The fields of a request in JSON that break a rule of their own. Names are those of the contract. */
export function brokenRules(message: DescMessage, fields: JsonObject, comments: Comments): FieldViolation[] {
  const valueOf = (name: string | undefined): JsonValue | undefined => {
    const field = message.fields.find((each) => each.name === name);
    return field === undefined ? undefined : given(fields, field);
  };
  return message.fields.flatMap((field) => {
    const rules = rulesOf(field, comments);
    const value = given(fields, field);
    const description = value === undefined ? missing(rules, valueOf) : broken(field, rules, value, valueOf);
    return description === undefined ? [] : [{ field: field.name, description }];
  });
}

type ValueOf = (name: string | undefined) => JsonValue | undefined;

function missing({ isRequired, orElse }: FieldRules, valueOf: ValueOf): string | undefined {
  if (isRequired) return "is required";
  return orElse !== undefined && valueOf(orElse) === undefined ? `or ${orElse} is required` : undefined;
}

function broken(field: DescField, rules: FieldRules, value: JsonValue, valueOf: ValueOf): string | undefined {
  const { range, maxLength, maxItems, follows } = rules;
  if (rules.isUuid && typeof value === "string" && !UUID.test(value)) return "must be a UUID";
  if (range !== undefined && !isWithin(rules, Number(value))) return `must be from ${range.min} to ${range.max}`;
  if (maxLength !== undefined && typeof value === "string" && Array.from(value).length > maxLength) {
    return `has more than ${maxLength} characters`;
  }
  if (maxItems !== undefined && Array.isArray(value) && value.length > maxItems) {
    return `has more than ${maxItems} items`;
  }
  const instant = field.message?.typeName === TimestampSchema.typeName ? instantOf(value) : undefined;
  if (instant === undefined) return undefined;
  return wrongInstant(instant) ?? wrongPlace(follows, instant, instantOf(valueOf(follows?.field)));
}

function isWithin({ range, zeroIsUnset }: FieldRules, value: number): boolean {
  return range === undefined || (value >= range.min && value <= range.max) || (zeroIsUnset && value === 0);
}

function wrongPlace(
  follows: FieldRules["follows"],
  instant: Timestamp,
  earlier: Timestamp | undefined,
): string | undefined {
  if (follows === undefined || earlier === undefined) return undefined;
  const { field, span } = follows;
  const distanceMs = timestampMs(instant) - timestampMs(earlier);
  if (distanceMs <= 0) return `must be later than ${field}`;
  return span !== undefined && distanceMs > span.maxMs ? `must be at most ${span.text} after ${field}` : undefined;
}

/** Undefined for what is no time at all: the decoder has named it. */
function instantOf(value: JsonValue | undefined): Timestamp | undefined {
  if (typeof value !== "string" || wrongTime(value, "refuse") !== undefined) return undefined;
  return fromJson(TimestampSchema, value);
}

/** Undefined also for the values that mean "unset". */
function given(fields: JsonObject, field: DescField): JsonValue | undefined {
  const name = [field.name, field.jsonName].find((each) => Object.hasOwn(fields, each));
  const value = name === undefined ? undefined : fields[name];
  const isUnset = value === null || value === "" || (field.enum !== undefined && isZero(field.enum, value));
  return isUnset ? undefined : value;
}

function isZero({ values }: NonNullable<DescField["enum"]>, value: JsonValue | undefined): boolean {
  return value === 0 || value === values.find(({ number }) => number === 0)?.name;
}
