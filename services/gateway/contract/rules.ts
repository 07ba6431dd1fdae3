/**
 * The rules of a field as its comment states them. Two things are made of them, neither of which decides whether a call is
 * good (that is the service's to say): the limits in the OpenAPI document, and the rest of the list of what is wrong with
 * a request that is refused already.
 */

import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../../shared/errors.ts";
import { wrongTime } from "../../../shared/rpc/rfc3339.ts";
import type { Comments } from "./comments.ts";

export interface FieldRules {
  readonly isRequired: boolean;
  readonly isUuid: boolean;
  /** Of a whole number. */
  readonly range: { readonly min: number; readonly max: number } | undefined;
  /** 0 stands for "unset", whatever the range. */
  readonly zeroIsUnset: boolean;
  /** Of a text, in characters. */
  readonly maxLength: number | undefined;
  /** The name of the field of the same message that this time must be later than. */
  readonly laterThan: string | undefined;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function rulesOf(field: DescField, comments: Comments): FieldRules {
  const comment = comments(field);
  const isText = field.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
  const isNumber = field.fieldKind === "scalar" && field.scalar === ScalarType.INT32;
  const [, min, max] = (isNumber ? /\b(\d+) to (\d+)\b/.exec(comment) : null) ?? [];
  const [, maxLength] = (isText ? /\b(?:at most|\d+ to) (\d+) characters\b/.exec(comment) : null) ?? [];
  return {
    isRequired: /(?:^|[.;] )Required\b/.test(comment),
    isUuid: isText && comment.startsWith("UUID"),
    range: min === undefined || max === undefined ? undefined : { min: Number(min), max: Number(max) },
    zeroIsUnset: comment.includes("0 or unset"),
    maxLength: maxLength === undefined ? undefined : Number(maxLength),
    laterThan: /\blater than `(\w+)`/.exec(comment)?.[1],
  };
}

/** The fields of a request in JSON that break a rule of their own. Names are those of the contract. */
export function brokenRules(message: DescMessage, fields: JsonObject, comments: Comments): FieldViolation[] {
  return message.fields.flatMap((field) => {
    const rules = rulesOf(field, comments);
    const earlier = message.fields.find(({ name }) => name === rules.laterThan);
    const description = broken(rules, given(fields, field), earlier === undefined ? undefined : given(fields, earlier));
    return description === undefined ? [] : [{ field: field.name, description }];
  });
}

function broken(rules: FieldRules, value: JsonValue | undefined, earlier: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null || value === "") return rules.isRequired ? "is required" : undefined;
  if (rules.isUuid && typeof value === "string" && !UUID.test(value)) return "must be a UUID";
  if (rules.range !== undefined && !isWithin(rules, Number(value))) {
    return `must be from ${rules.range.min} to ${rules.range.max}`;
  }
  if (rules.laterThan !== undefined && isTime(value) && isTime(earlier) && Date.parse(value) <= Date.parse(earlier)) {
    return `must be later than ${rules.laterThan}`;
  }
  return undefined;
}

function isWithin({ range, zeroIsUnset }: FieldRules, value: number): boolean {
  return range === undefined || (value >= range.min && value <= range.max) || (zeroIsUnset && value === 0);
}

function isTime(value: JsonValue | undefined): value is string {
  return typeof value === "string" && wrongTime(value, "refuse") === undefined;
}

function given(fields: JsonObject, { name, jsonName }: DescField): JsonValue | undefined {
  return [name, jsonName].filter((each) => Object.hasOwn(fields, each)).map((each) => fields[each])[0];
}
