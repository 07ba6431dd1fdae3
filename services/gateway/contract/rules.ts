/**
 * The rules of a field as the options of its contract state them. Two things are made of them, neither of which decides
 * whether a call is good (that is the service's to say): the limits in the OpenAPI document, and the rest of the list of
 * what is wrong with a request that is refused already (broken-rules.ts).
 */

import { type DescField, getOption } from "@bufbuild/protobuf";
import { field_behavior, FieldBehavior } from "../../../shared/gen/google/api/field_behavior_pb.ts";
import { field as fieldRules } from "../../../shared/gen/rules/v1/field_pb.ts";
import { HOUR_MS } from "../../../shared/time-units.ts";
import { maskedFields } from "../../../shared/rpc/request/mask.ts";
import type { NumberRange } from "../../../shared/rpc/request/rules.ts";

export interface FieldRules {
  readonly isRequired: boolean;
  /** The name of the field of the same message that may be there instead: one of the two is required. */
  readonly orElse: string | undefined;
  /** The name of the field of the same message with which this one is required. */
  readonly requiredWith: string | undefined;
  readonly isUuid: boolean;
  readonly isEmail: boolean;
  readonly isDate: boolean;
  readonly isTimeZone: boolean;
  /** Of a time of day: `follows` is the name of the earlier one's field. */
  readonly timeOfDay: { readonly follows: string | undefined } | undefined;
  /** Which texts are good, the service alone can tell. */
  readonly isOpaque: boolean;
  /** Of a whole number. */
  readonly range: NumberRange | undefined;
  /** Of a text, in characters. */
  readonly maxLength: number | undefined;
  /** Of a text: line breaks and tabs are allowed. */
  readonly isMultiline: boolean;
  /** Of a text: it has a character that can be seen. */
  readonly isVisible: boolean;
  /** Of a repeated field. */
  readonly maxItems: number | undefined;
  /** Of a map of texts, beside `maxItems` and `maxLength`, which are of its entries and their values. */
  readonly keys: { readonly maxLength: number; readonly without: string } | undefined;
  /** Of a field mask: what it may name, by their paths. Empty for any other field. */
  readonly masked: ReadonlyMap<string, DescField>;
  /** The time that this one must follow, by the name of its field of the same message, and within how long. */
  readonly follows: { readonly field: string; readonly maxMs: number } | undefined;
}

export function rulesOf(field: DescField): FieldRules {
  const { range, laterThan, timeOfDay, mapKeys, ...rules } = getOption(field, fieldRules);
  return {
    isRequired: getOption(field, field_behavior).includes(FieldBehavior.REQUIRED),
    orElse: named(rules.orField),
    requiredWith: named(rules.requiredWith),
    isUuid: rules.uuid,
    isEmail: rules.email,
    isDate: rules.date,
    isTimeZone: rules.timeZone,
    timeOfDay: timeOfDay && { follows: named(timeOfDay.laterThan) },
    isOpaque: rules.opaque,
    range: range && { min: Number(range.min), max: Number(range.max), zeroIsUnset: range.zeroIsUnset },
    maxLength: positive(rules.maxCharacters),
    isMultiline: rules.multiline,
    isVisible: rules.visible,
    maxItems: positive(rules.maxItems),
    keys: mapKeys && { maxLength: mapKeys.maxCharacters, without: mapKeys.without },
    masked: maskedFields(field),
    follows: laterThan && { field: laterThan.field, maxMs: (positive(laterThan.atMostHours) ?? Infinity) * HOUR_MS },
  };
}

function named(field: string): string | undefined {
  return field === "" ? undefined : field;
}

function positive(limit: number): number | undefined {
  return limit > 0 ? limit : undefined;
}
