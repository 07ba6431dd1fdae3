import type { JsonObject } from "@bufbuild/protobuf";

/** Whether a parsed JSON value is an object: JavaScript calls arrays and null objects too. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
