/**
 * Messages from JSON, more strictly than protobuf-es reads them, and with every unreadable field named: it stops at the first.
 * Both JSON doors, Connect here and the gateway, refuse unknown fields (a typo in `holdSeconds` must not confirm).
 */

import {
  create,
  type DescField,
  type DescMessage,
  getOption,
  type JsonValue,
  mergeFromJson,
  type MessageShape,
  ScalarType,
} from "@bufbuild/protobuf";
import { FieldMaskSchema, isWrapperDesc, TimestampSchema } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../../errors.ts";
import { field as rules } from "../../gen/rules/v1/field_pb.ts";
import { VIOLATIONS_MAX } from "../../limits.ts";
import { echoedName, fieldNamed } from "./field-names.ts";
import { isObject } from "./json-object.ts";
import { standardMask } from "./mask.ts";
import { type OffsetRule, wrongTime } from "./rfc3339.ts";
import { wrongCount } from "./rules.ts";

/** A number as JSON writes it, which ProtoJSON also takes as a text. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const NOT_NUMBERS = new Set<ScalarType | undefined>([undefined, ScalarType.STRING, ScalarType.BOOL, ScalarType.BYTES]);
/** What JSON has no number for. The decoder knows which types take it. */
const NOT_FINITE = new Set(["NaN", "Infinity", "-Infinity"]);

export type DecodedJson<Desc extends DescMessage> =
  | { readonly message: MessageShape<Desc> }
  | { readonly violations: readonly FieldViolation[] };

/**
 * The message that a parsed JSON value stands for, or everything that is wrong with it, as far as an answer can say it. Fields go by any
 * of their names (field-names.ts), null means unset. `offsets`: whether times may have another offset than `Z`.
 */
export function decodeJson<Desc extends DescMessage>(
  desc: Desc,
  value: unknown,
  options: { readonly offsets: OffsetRule },
): DecodedJson<Desc> {
  if (!isObject(value)) return { violations: [{ field: "", description: "must be a JSON object" }] };
  const message = create(desc);
  const violations: FieldViolation[] = [];
  const seen = new Set<DescField>();
  for (const [name, given] of Object.entries(value)) {
    if (violations.length >= VIOLATIONS_MAX) break;
    const field = fieldNamed(desc, name);
    if (field === undefined) {
      violations.push({
        field: echoedName(name),
        description: "is not a field",
      });
    } else if (seen.has(field)) {
      violations.push({ field: field.name, description: "is given twice, by two of its names" });
    } else {
      seen.add(field);
      violations.push(...decodeField(desc, message, field, given, options.offsets));
    }
  }
  return violations.length === 0 ? { message } : { violations };
}

function decodeField(
  desc: DescMessage,
  message: MessageShape<DescMessage>,
  field: DescField,
  given: JsonValue,
  offsets: OffsetRule,
): FieldViolation[] {
  const description = wrongTimeIn(field, given, offsets) ?? wrongNumberIn(field, given);
  if (description !== undefined) return [{ field: field.name, description }];
  const inside = wrongInside(field, given, offsets);
  if (inside.length > 0) return inside;
  try {
    // One field at a time: protobuf-es stops at the first that it cannot read.
    mergeFromJson(desc, message, { [field.name]: standardMask(field, given) });
    return [];
  } catch {
    return [{ field: field.name, description: expected(field) }];
  }
}

/** What cannot be read inside of a message, or of those in a list that is not too long, each by its own place. */
function wrongInside(field: DescField, given: JsonValue, offsets: OffsetRule): FieldViolation[] {
  // Those have a JSON form of their own.
  if (field.message === undefined || field.message.typeName.startsWith("google.protobuf.")) return [];
  if (field.fieldKind === "message") return given === null ? [] : wrongAt(field.name, field.message, given, offsets);
  const isCounted = Array.isArray(given) && wrongCount(given.length, getOption(field, rules).maxItems) === undefined;
  if (!isCounted || field.fieldKind !== "list") return [];
  const violations: FieldViolation[] = [];
  for (const [index, item] of given.entries()) {
    if (violations.length >= VIOLATIONS_MAX) break;
    violations.push(...wrongAt(`${field.name}[${index}]`, field.message, item, offsets));
  }
  return violations;
}

function wrongAt(place: string, desc: DescMessage, given: JsonValue, offsets: OffsetRule): FieldViolation[] {
  const decoded = decodeJson(desc, given, { offsets });
  if ("message" in decoded) return [];
  return decoded.violations.map(({ field, description }) => ({
    field: field === "" ? place : `${place}.${field}`,
    description,
  }));
}

function wrongTimeIn(field: DescField, given: JsonValue, offsets: OffsetRule): string | undefined {
  if (field.message?.typeName !== TimestampSchema.typeName) return undefined;
  const times = Array.isArray(given) ? given : [given];
  return times
    .map((time) => (typeof time === "string" ? wrongTime(time, offsets) : undefined))
    .find((description) => description !== undefined);
}

/** JavaScript also reads `0x1e`, ` 5` and an empty text as numbers, and so would protobuf-es. */
function wrongNumberIn(field: DescField, given: JsonValue): string | undefined {
  if (NOT_NUMBERS.has(scalarOf(field))) return undefined;
  const texts = (Array.isArray(given) ? given : [given]).filter((each) => typeof each === "string");
  return texts.every((each) => NUMBER.test(each) || NOT_FINITE.has(each)) ? undefined : expected(field);
}

/** The type of a field, or of the one value that a wrapper such as google.protobuf.Int64Value holds. */
export function scalarOf(field: DescField): ScalarType | undefined {
  if (field.message === undefined || !isWrapperDesc(field.message)) return field.scalar;
  return field.message.fields[0].scalar;
}

/** What protobuf-es wanted of a field that it could not read. */
function expected(field: DescField): string {
  if (field.fieldKind === "list") return `must be an array, each item of which ${expectedItem(field)}`;
  if (field.fieldKind === "map") return `must be an object, each value of which ${expectedItem(field)}`;
  return expectedItem(field);
}

function expectedItem(field: DescField): string {
  if (field.enum !== undefined) return `must be one of ${field.enum.values.map((value) => value.name).join(", ")}`;
  if (field.message?.typeName === TimestampSchema.typeName) return "must be a time such as 2025-01-01T10:00:00Z";
  if (field.message?.typeName === FieldMaskSchema.typeName) return "must be names of fields, with commas between them";
  switch (scalarOf(field)) {
    case ScalarType.STRING:
      return "must be a string of valid text";
    case ScalarType.BOOL:
      return "must be true or false";
    case ScalarType.INT32:
      return "must be a whole number of at most 32 bits";
    case ScalarType.INT64:
      return "must be a whole number of at most 64 bits";
    default:
      return "cannot be read";
  }
}
