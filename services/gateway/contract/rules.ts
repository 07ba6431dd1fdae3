/**
 * The rules of a field as its comment states them. Two things are made of them, neither of which decides whether a call is
 * good (that is the service's to say): the limits in the OpenAPI document, and the rest of the list of what is wrong with
 * a request that is refused already (broken-rules.ts).
 */

import { type DescField, ScalarType } from "@bufbuild/protobuf";
import { DAY_MS, HOUR_MS } from "../../../shared/time-units.ts";
import type { Comments } from "./comments.ts";

export interface FieldRules {
  readonly isRequired: boolean;
  /** The name of the field of the same message that may be there instead: one of the two is required. */
  readonly orElse: string | undefined;
  readonly isUuid: boolean;
  /** Of a whole number. */
  readonly range: { readonly min: number; readonly max: number } | undefined;
  /** 0 stands for "unset", whatever the range. */
  readonly zeroIsUnset: boolean;
  /** Of a text, in characters. */
  readonly maxLength: number | undefined;
  /** Of a repeated field. */
  readonly maxItems: number | undefined;
  /** The time that this one must follow, by the name of its field of the same message, and within which span. */
  readonly follows: { readonly field: string; readonly span: Span | undefined } | undefined;
}

export interface Span {
  readonly maxMs: number;
  /** In words, such as `366 days`. */
  readonly text: string;
}

export function rulesOf(field: DescField, comments: Comments): FieldRules {
  const comment = comments(field);
  const isText = field.fieldKind === "scalar" && field.scalar === ScalarType.STRING;
  const [, maxLength] = (isText ? /\b(?:at most|\d+ to) (\d+) characters\b/.exec(comment) : null) ?? [];
  const [, one, other] = /\bOne of `(\w+)` and `(\w+)` is required\b/.exec(comment) ?? [];
  return {
    isRequired: /(?:^|[.;] )Required\b/.test(comment),
    orElse: one === field.name ? other : undefined,
    isUuid: isText && comment.startsWith("UUID"),
    range: field.fieldKind === "scalar" ? rangeIn(comment, field.scalar) : undefined,
    zeroIsUnset: comment.includes("0 or unset"),
    maxLength: maxLength === undefined ? undefined : Number(maxLength),
    maxItems: field.fieldKind === "list" ? maxItemsIn(comment) : undefined,
    follows: followsIn(comment),
  };
}

function maxItemsIn(comment: string): number | undefined {
  const [, max] = /\bat most (\d[\d,]*)\b/.exec(comment) ?? [];
  return max === undefined ? undefined : Number(max.replaceAll(",", ""));
}

function rangeIn(comment: string, scalar: ScalarType): FieldRules["range"] {
  if (scalar === ScalarType.INT64) {
    // JavaScript counts no further exactly, which is why there is a limit at all.
    return /\b0 or more, less than 2\^53\b/.test(comment) ? { min: 0, max: Number.MAX_SAFE_INTEGER } : undefined;
  }
  const [, min, max] = (scalar === ScalarType.INT32 ? /\b(\d+) to (\d+)\b/.exec(comment) : null) ?? [];
  return min === undefined || max === undefined ? undefined : { min: Number(min), max: Number(max) };
}

function followsIn(comment: string): FieldRules["follows"] {
  const [, field, count, unit] = /\blater than `(\w+)`(?:, at most (\d+) (days|hours)\b)?/.exec(comment) ?? [];
  if (field === undefined) return undefined;
  if (count === undefined) return { field, span: undefined };
  return { field, span: { maxMs: Number(count) * (unit === "days" ? DAY_MS : HOUR_MS), text: `${count} ${unit}` } };
}
