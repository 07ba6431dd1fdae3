/** Setting and finding fields in the JSON object that a request is put together in. */

import type { DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { namesOf } from "../../../shared/rpc/request/field-names.ts";
import { isObject } from "../../../shared/rpc/request/json-object.ts";
import type { FieldPath } from "./fields.ts";

/** The value at the path, whichever of their names the fields go by. Undefined if there is none. */
export function valueAt(object: JsonObject, path: FieldPath): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const field of path) {
    if (!isObject(value)) return undefined;
    value = ownValue(value, nameIn(value, field));
  }
  return value;
}

/** Whether a text field is as good as not there: null and the empty text mean "unset" in protobuf's JSON. */
export function isUnset(value: JsonValue | undefined): value is undefined | null | "" {
  return value === undefined || value === null || value === "";
}

/** A copy of the object with a value at the path. */
export function withValue(object: JsonObject, path: FieldPath, value: JsonValue): JsonObject {
  const [field, ...rest] = path;
  if (field === undefined) return object;
  const name = nameIn(object, field);
  const inner = ownValue(object, name);
  return { ...object, [name]: rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value) };
}

/** The name by which the object has the field; its name in the contract if it has not. */
function nameIn(object: JsonObject, field: DescField): string {
  return namesOf(field).find((name) => Object.hasOwn(object, name)) ?? field.name;
}

function ownValue(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
