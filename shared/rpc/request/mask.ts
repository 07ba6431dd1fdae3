/** Which fields a field mask may name (`rules.v1.field.paths`), and how JSON writes and reads their names. */

import { type DescField, getOption, type JsonValue } from "@bufbuild/protobuf";
import { protoCamelCase, protoSnakeCase } from "@bufbuild/protobuf/reflect";
import { field as rules } from "../../gen/rules/v1/field_pb.ts";
import { fieldNamed } from "./field-names.ts";

/**
 * The fields that a mask may name, by their paths. A field whose JSON name the contract chooses has two: writers of JSON put
 * `slotDuration` into a mask, and protobuf reads that as `slot_duration`.
 */
export function maskedFields(mask: DescField): ReadonlyMap<string, DescField> {
  const named = new Set(getOption(mask, rules).paths);
  const fields = mask.parent.fields.filter(({ name }) => named.has(name));
  return new Map(fields.flatMap((field) => [field.name, protoSnakeCase(field.jsonName)].map((path) => [path, field])));
}

/**
 * The paths of a mask in JSON, as the contract names the fields, each once, up to the first that the mask may not name: as
 * many as the text has would be a larger message than the text, and too large for who gets it.
 */
export function pathsIn(mask: DescField, text: string): string[] {
  if (text === "") return [];
  const allowed = maskedFields(mask);
  const paths = [...new Set(text.split(",").map((name) => fieldNamed(mask.parent, name)?.name ?? name))];
  const wrong = paths.findIndex((path) => !allowed.has(path));
  return wrong === -1 ? paths : paths.slice(0, wrong + 1);
}

/**
 * A field's JSON value as protobuf reads it: of a mask, names in camel case only. Ours may also name a field as the contract
 * does, or by the JSON name that the contract chooses.
 */
export function standardMask(field: DescField, given: JsonValue): JsonValue {
  if (typeof given !== "string" || getOption(field, rules).paths.length === 0) return given;
  return pathsIn(field, given).map(protoCamelCase).join(",");
}
