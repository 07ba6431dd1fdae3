/** How one method is reached over HTTP: a `google.api.http` rule whose names have been looked up in the contract. */

import type { DescField, DescMethod } from "@bufbuild/protobuf";
import type { HttpRule } from "../../../shared/gen/google/api/http_pb.ts";
import { type FieldPath, fieldPathOf, isTextual } from "./fields.ts";
import { parseTemplate, type Template } from "./template.ts";

export interface Binding {
  readonly method: DescMethod;
  /** `GET`, `POST`, ...; `*` for any. */
  readonly httpMethod: string;
  /** As the contract writes it. */
  readonly path: string;
  readonly template: Template;
  /** The field of each variable of the template. */
  readonly variables: readonly FieldPath[];
  /** What the body is: the whole request but for the variables, one field of it, or nothing. */
  readonly body: "*" | DescField | undefined;
  /** The one field of the response that is the answer, where it is not the whole response. */
  readonly responseBody: DescField | undefined;
}

/** The bindings of a method: that of its rule and the additional ones. Throws an Error if the contract contradicts itself. */
export function bindingsOf(method: DescMethod, rule: HttpRule): Binding[] {
  if (rule.additionalBindings.some((more) => more.additionalBindings.length > 0)) {
    throw new Error(`${method.name}: additional bindings are nested`);
  }
  return [rule, ...rule.additionalBindings].map((each) => bindingOf(method, each));
}

/** Whether it makes something in a collection: its answer is then 201, "created". */
export function isCreation({ httpMethod, template }: Binding): boolean {
  return httpMethod === "POST" && template.verb === undefined && template.variables.length === 0;
}

function bindingOf(method: DescMethod, rule: HttpRule): Binding {
  const { httpMethod, path } = patternOf(method, rule);
  if (method.methodKind !== "unary" && method.methodKind !== "server_streaming") {
    throw new Error(`${method.name}: a client's stream has no form in JSON over HTTP`);
  }
  const template = parseTemplate(path);
  const variables = template.variables.map(({ fieldPath }) => {
    const found = fieldPathOf(method.input, fieldPath);
    if (found === undefined || !isTextual(found, false)) {
      throw new Error(
        `${method.name}: ${path} names ${fieldPath.join(".")}, which is no primitive field of the request`,
      );
    }
    return found;
  });
  const body = rule.body === "*" || rule.body === "" ? undefined : topLevel(method, "input", rule.body);
  const responseBody = rule.responseBody === "" ? undefined : topLevel(method, "output", rule.responseBody);
  return { method, httpMethod, path, template, variables, body: rule.body === "*" ? "*" : body, responseBody };
}

function patternOf(method: DescMethod, { pattern }: HttpRule): { httpMethod: string; path: string } {
  if (pattern.case === undefined) throw new Error(`${method.name}: its HTTP rule has no path`);
  if (pattern.case === "custom") return { httpMethod: pattern.value.kind, path: pattern.value.path };
  return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
}

function topLevel(method: DescMethod, side: "input" | "output", name: string): DescField {
  const field = method[side].fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`${method.name}: ${name} is no field of ${method[side].typeName}`);
  return field;
}
