/** Query parameters become fields of the request: `?page_size=10&states=A&states=B,C&sub.subfield=foo`. */

import type { DescField, JsonObject } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { FieldViolation } from "../../../shared/errors.ts";
import { VIOLATIONS_MAX } from "../../../shared/limits.ts";
import { echoedName } from "../../../shared/rpc/request/field-names.ts";
import { StatusError } from "../../../shared/status-error.ts";
import type { Binding } from "./binding.ts";
import { type FieldPath, fieldPathOf, isTextual, nameOf, valueFromText } from "./fields.ts";
import { withValue } from "./json-fields.ts";

export interface FromQuery {
  readonly fields: JsonObject;
  readonly violations: readonly FieldViolation[];
}

/**
 * The fields that a query string sets, or what is wrong with it. Those that the path or the body sets are not for it. Throws
 * StatusError INVALID_ARGUMENT if what is wrong has no name.
 */
export function fieldsFromQuery(binding: Binding, query: string): FromQuery {
  const violations: FieldViolation[] = [];
  let fields: JsonObject = {};
  const parameters = new URLSearchParams(query);
  if (parameters.has("")) {
    throw new StatusError(status.INVALID_ARGUMENT, "the query has a parameter without a name");
  }
  const read = new Set<string>();
  for (const name of new Set(parameters.keys())) {
    if (violations.length >= VIOLATIONS_MAX) break;
    const path = fieldPathOf(binding.method.input, name.split("."));
    const last = path?.at(-1);
    const reason = path === undefined ? "is not a query parameter" : refusalOf(binding, path);
    if (path === undefined || last === undefined || reason !== undefined) {
      violations.push({ field: echoedName(name), description: reason ?? "" });
      continue;
    }
    const values = parameters
      .getAll(name)
      .flatMap((text) => textsOf(last, text))
      .map((text) => valueFromText(last, text));
    const [first = ""] = values;
    if (read.has(nameOf(path)) || (values.length > 1 && last.fieldKind !== "list")) {
      violations.push({ field: nameOf(path), description: "is given more than once" });
      continue;
    }
    read.add(nameOf(path));
    fields = withValue(fields, path, last.fieldKind === "list" ? values : first);
  }
  return { fields, violations };
}

/** The names of fields that the query has, `sub` and `subfield` for `sub.subfield`. */
export function namesInQuery(query: string): string[] {
  return [...new URLSearchParams(query).keys()].flatMap((name) => name.split("."));
}

/** Many clients write a list as `A,B`. The names of an enum have no commas; a text may have them, and is left alone. */
function textsOf(field: DescField, text: string): string[] {
  return field.fieldKind === "list" && field.listKind === "enum" ? text.split(",") : [text];
}

function refusalOf({ body, variables }: Binding, path: FieldPath): string | undefined {
  if (body === "*") return "must be in the body: this method has no query parameters";
  if (body !== undefined && path[0] === body) return "must be in the body";
  if (variables.some((variable) => nameOf(variable) === nameOf(path))) return "is in the path already";
  return isTextual(path, true) ? undefined : "cannot be a query parameter";
}
