/** Paths to fields of a request, such as `sub.subfield`, and the texts that URLs carry for them. */

import { type DescField, type DescMessage, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { fieldNamed } from "../../../shared/rpc/request/field-names.ts";
import { scalarOf } from "../../../shared/rpc/request/json.ts";

export type FieldPath = readonly DescField[];

/** Messages that JSON writes as one string, number or truth value, so that a URL can carry them. */
const PLAIN_IN_JSON = /^google\.protobuf\.(Timestamp|Duration|FieldMask|[A-Z][A-Za-z0-9]*Value)$/;
const NOT_PLAIN = /^google\.protobuf\.(ListValue)$/;

/** The field that `names` lead to, each by any of its names. Undefined if there is none. */
export function fieldPathOf(message: DescMessage, names: readonly string[]): FieldPath | undefined {
  const path: DescField[] = [];
  let inside: DescMessage | undefined = message;
  for (const name of names) {
    const field: DescField | undefined = inside && fieldNamed(inside, name);
    if (field === undefined) return undefined;
    path.push(field);
    inside = field.fieldKind === "message" && !isPlain(field.message) ? field.message : undefined;
  }
  return path;
}

/** Whether a text can stand for the field: primitives and what JSON writes like them. Lists of such too, if `lists`. */
export function isTextual(path: FieldPath, lists: boolean): boolean {
  const field = path.at(-1);
  if (field === undefined || field.fieldKind === "map") return false;
  if (field.fieldKind === "list") return lists && (field.listKind !== "message" || isPlain(field.message));
  return field.fieldKind !== "message" || isPlain(field.message);
}

/** A field path as errors name it: `sub.subfield`. */
export function nameOf(path: FieldPath): string {
  return path.map((field) => field.name).join(".");
}

/**
 * The JSON value that a text in a URL stands for. What is not a text of the field's type comes back as it is, and the
 * decoder refuses it. Enums go by name or number.
 */
export function valueFromText(field: DescField, text: string): JsonValue {
  if (scalarOf(field) === ScalarType.BOOL && (text === "true" || text === "false")) return text === "true";
  if (field.enum !== undefined && /^-?\d{1,10}$/.test(text)) return Number(text);
  return text;
}

function isPlain(message: DescMessage): boolean {
  return PLAIN_IN_JSON.test(message.typeName) && !NOT_PLAIN.test(message.typeName);
}
