/** What else is wrong with a request of which some fields cannot be read, as far as the contract's options tell. */

import {
  type DescEnum,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from "@bufbuild/protobuf";
import { type Timestamp, timestampMs, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../../../shared/errors.ts";
import { namesOf } from "../../../shared/rpc/request/field-names.ts";
import { isObject } from "../../../shared/rpc/request/json-object.ts";
import {
  minutesOfDay,
  wrongDate,
  wrongEndOfRange,
  wrongTimeOfDay,
  wrongTimeZone,
} from "../../../shared/rpc/request/local-time.ts";
import { pathsIn } from "../../../shared/rpc/request/mask.ts";
import { wrongTime } from "../../../shared/rpc/request/rfc3339.ts";
import {
  wrongCount,
  wrongEmail,
  wrongEnd,
  wrongEnumValue,
  wrongInstant,
  wrongLines,
  wrongMap,
  wrongNumber,
  wrongPaths,
  wrongText,
  wrongUuid,
  wrongVisible,
} from "../../../shared/rpc/request/rules.ts";
import { type FieldRules, rulesOf } from "./rules.ts";

/** The fields of a request in JSON that break a rule of their own. Names are those of the contract. */
export function brokenRules(message: DescMessage, fields: JsonObject): FieldViolation[] {
  const valueOf = (name: string | undefined): JsonValue | undefined => {
    const field = message.fields.find((each) => each.name === name);
    return field === undefined ? undefined : given(fields, field);
  };
  return message.fields.flatMap((field) => {
    const rules = rulesOf(field);
    const value = given(fields, field);
    const description = value === undefined ? missing(rules, valueOf) : broken(field, rules, value, valueOf);
    if (description !== undefined) return [{ field: field.name, description }];
    return field.fieldKind === "list" && Array.isArray(value) ? brokenItems(field, value) : [];
  });
}

type ValueOf = (name: string | undefined) => JsonValue | undefined;

function missing({ isRequired, orElse, requiredWith }: FieldRules, valueOf: ValueOf): string | undefined {
  if (isRequired) return "is required";
  if (valueOf(requiredWith) !== undefined) return `is required beside ${requiredWith}`;
  return orElse !== undefined && valueOf(orElse) === undefined ? `or ${orElse} is required` : undefined;
}

function broken(field: DescField, rules: FieldRules, value: JsonValue, valueOf: ValueOf): string | undefined {
  if (field.fieldKind === "list") {
    return Array.isArray(value) ? wrongCount(value.length, rules.maxItems ?? Infinity) : undefined;
  }
  if (field.fieldKind === "map") return isObject(value) ? wrongMapOf(rules, value) : undefined;
  if (field.enum !== undefined) return wrongEnumOf(field.enum, value);
  if (rules.masked.size > 0) return typeof value === "string" ? wrongMaskOf(field, rules, value) : undefined;
  if (rules.range !== undefined) return wrongNumber(Number(value), rules.range);
  if (field.scalar === ScalarType.STRING)
    return typeof value === "string" ? wrongTextOf(rules, value, valueOf) : undefined;
  const instant = field.message?.typeName === TimestampSchema.typeName ? instantOf(value) : undefined;
  if (instant === undefined) return undefined;
  return wrongInstant(instant) ?? wrongPlace(rules.follows, instant, instantOf(valueOf(rules.follows?.field)));
}

function brokenItems(field: DescField & { readonly fieldKind: "list" }, items: readonly JsonValue[]): FieldViolation[] {
  return items.flatMap((item, index) => {
    const at = `${field.name}[${index}]`;
    if (field.listKind === "message" && isObject(item)) {
      return brokenRules(field.message, item).map((inner) => ({ ...inner, field: `${at}.${inner.field}` }));
    }
    const description = field.listKind === "enum" ? wrongEnumOf(field.enum, item) : undefined;
    return description === undefined ? [] : [{ field: at, description }];
  });
}

/** Undefined for a name that the enum does not have: the decoder has named it. */
function wrongEnumOf(desc: DescEnum, value: JsonValue): string | undefined {
  const number = typeof value === "number" ? value : desc.values.find(({ name }) => name === value)?.number;
  return number === undefined ? undefined : wrongEnumValue(desc, number);
}

function wrongTextOf(rules: FieldRules, value: string, valueOf: ValueOf): string | undefined {
  if (rules.isUuid) return wrongUuid(value);
  if (rules.isDate) return wrongDate(value);
  if (rules.isTimeZone) return wrongTimeZone(value);
  if (rules.timeOfDay !== undefined) return wrongTimeOf(rules.timeOfDay, value, valueOf);
  const maxLength = rules.maxLength ?? Infinity;
  if (rules.isMultiline) return wrongLines(value, maxLength);
  if (rules.isVisible) return wrongVisible(value, maxLength);
  return rules.isEmail ? wrongEmail(value) : wrongText(value, maxLength);
}

/** Of entries whose values are texts: the decoder has named the others. */
function wrongMapOf({ maxItems = Infinity, maxLength = Infinity, keys }: FieldRules, value: JsonObject) {
  const isText = (entry: [string, JsonValue]): entry is [string, string] => typeof entry[1] === "string";
  return wrongMap(Object.entries(value).filter(isText), {
    maxItems,
    maxCharacters: maxLength,
    keyMaxCharacters: keys?.maxLength ?? Infinity,
    keyWithout: keys?.without ?? "",
  });
}

function wrongMaskOf(mask: DescField, { masked }: FieldRules, value: string): string | undefined {
  return wrongPaths(pathsIn(mask, value), masked);
}

function wrongTimeOf({ follows }: NonNullable<FieldRules["timeOfDay"]>, value: string, valueOf: ValueOf) {
  if (follows === undefined) return wrongTimeOfDay(value, { mayEndDay: false });
  const description = wrongTimeOfDay(value, { mayEndDay: true });
  const earlier = valueOf(follows);
  const isComparable = typeof earlier === "string" && wrongTimeOfDay(earlier, { mayEndDay: false }) === undefined;
  if (description !== undefined || !isComparable) return description;
  return wrongEndOfRange(minutesOfDay(earlier) ?? 0, minutesOfDay(value) ?? 0, follows);
}

function wrongPlace(follows: FieldRules["follows"], instant: Timestamp, earlier: Timestamp | undefined) {
  if (follows === undefined || earlier === undefined) return undefined;
  return wrongEnd(timestampMs(earlier), timestampMs(instant), follows.maxMs, follows.field);
}

/** Undefined for what is no time at all: the decoder has named it. */
function instantOf(value: JsonValue | undefined): Timestamp | undefined {
  if (typeof value !== "string" || wrongTime(value, "refuse") !== undefined) return undefined;
  return fromJson(TimestampSchema, value);
}

/** Undefined also for the values that mean "unset". */
function given(fields: JsonObject, field: DescField): JsonValue | undefined {
  const name = namesOf(field).find((each) => Object.hasOwn(fields, each));
  const value = name === undefined ? undefined : fields[name];
  const isUnset = value === null || value === "" || (field.enum !== undefined && isZero(field.enum, value));
  return isUnset ? undefined : value;
}

function isZero({ values }: DescEnum, value: JsonValue | undefined): boolean {
  return value === 0 || value === values.find(({ number }) => number === 0)?.name;
}
