import { fromJsonString, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import type { FieldViolation } from "../../../shared/errors.ts";
import { isObject } from "../../../shared/rpc/request/json-object.ts";
import { StatusError } from "../../../shared/status-error.ts";
import type { Binding } from "./binding.ts";
import { nameOf } from "./fields.ts";
import { isUnset, valueAt } from "./json-fields.ts";

export interface FromBody {
  readonly fields: JsonObject;
  readonly violations: readonly FieldViolation[];
}

/** The fields that a body sets, or what is wrong with it. Throws StatusError INVALID_ARGUMENT if it is not JSON. */
export function fieldsFromBody(binding: Binding, bytes: Uint8Array): FromBody {
  const { body, variables } = binding;
  if (body === undefined) {
    if (bytes.length > 0) throw invalid("this method takes no body");
    return { fields: {}, violations: [] };
  }
  // An empty body is an empty message: confirming a booking needs nothing but its path.
  if (bytes.length === 0) return { fields: {}, violations: [] };
  const value = parseJson(bytes);
  if (body !== "*") return { fields: { [body.name]: value }, violations: [] };
  if (!isObject(value)) throw invalid("the body must be a JSON object");
  const twice = variables.filter((variable) => !isUnset(valueAt(value, variable))).map(nameOf);
  const violations = twice.map((field) => ({ field, description: "is in the path, and must not be in the body too" }));
  return { fields: value, violations };
}

function parseJson(bytes: Uint8Array): JsonValue {
  let text: string;
  let value: JsonValue;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw invalid("the body is not JSON", cause);
  }
  try {
    // JSON.parse takes the last of two equal names; which one a caller meant only the caller knows.
    fromJsonString(ValueSchema, text);
  } catch (cause) {
    throw invalid("the body names a field twice, or is nested too deep", cause);
  }
  return value;
}

function invalid(message: string, cause?: unknown): StatusError {
  return new StatusError(status.INVALID_ARGUMENT, message, undefined, cause);
}
