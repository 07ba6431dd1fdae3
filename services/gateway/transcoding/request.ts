/** An HTTP request becomes the message of an RPC. */

import type { IncomingHttpHeaders } from "node:http";
import type { DescMessage, JsonObject, Message } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../../shared/errors.ts";
import { inCallersWords, statusErrorOf } from "../../../shared/rpc/as-status.ts";
import { type CallersWords, namesWritten, wordsOf } from "../../../shared/rpc/request/field-names.ts";
import { decodeJson } from "../../../shared/rpc/request/json.ts";
import { invalidRequest } from "../../../shared/rpc/request/invalid-request.ts";
import type { Binding } from "./binding.ts";
import { fieldsFromBody } from "./body.ts";
import { valueFromText } from "./fields.ts";
import { withHeaderFields } from "./header-fields.ts";
import { withValue } from "./json-fields.ts";
import { fieldsFromQuery, namesInQuery } from "./query.ts";

export interface HttpInput {
  /** The texts of the path's variables. */
  readonly texts: readonly string[];
  /** Without its question mark. */
  readonly query: string;
  /** Empty if there is none. */
  readonly body: Uint8Array;
  readonly headers: IncomingHttpHeaders;
}

export interface ReadRequest {
  readonly message: Message;
  /** How the caller names the fields. */
  readonly words: CallersWords;
}

/** What is wrong with fields that can be read: see contract/broken-rules.ts. */
export type FindViolations = (input: DescMessage, fields: JsonObject) => readonly FieldViolation[];

/**
 * The message that the request stands for. Throws StatusError INVALID_REQUEST that names all that cannot be read: such a request
 * never reaches the service, which would have named the other bad fields, so `furtherViolations` names what it can of them.
 */
export function requestMessage(binding: Binding, input: HttpInput, furtherViolations: FindViolations): ReadRequest {
  const { input: desc } = binding.method;
  const fromQuery = fieldsFromQuery(binding, input.query);
  const fromBody = fieldsFromBody(binding, input.body);
  const gathered = withPathFields(binding, { ...fromQuery.fields, ...fromBody.fields }, input.texts);
  const { fields, violations: inHeaders } = withHeaderFields(binding, gathered, input.headers);
  const decoded = decodeJson(desc, fields, { offsets: "refuse" });
  const violations = [...fromQuery.violations, ...fromBody.violations, ...inHeaders];
  if ("violations" in decoded) violations.push(...decoded.violations);
  const words = wordsOf(desc, () => [
    ...namesInQuery(input.query),
    ...binding.variables.flat().map(({ name }) => name),
    ...namesWritten(desc, fromBody.fields),
  ]);
  if ("message" in decoded && violations.length === 0) return { message: decoded.message, words };
  const refusal = invalidRequest(oncePerField([...violations, ...furtherViolations(desc, fields)]));
  throw inCallersWords(statusErrorOf(refusal, desc.file.proto.package), words);
}

function withPathFields({ variables }: Binding, fields: JsonObject, texts: readonly string[]): JsonObject {
  return variables.reduce((all, variable, index) => {
    const field = variable.at(-1);
    return field === undefined ? all : withValue(all, variable, valueFromText(field, texts[index] ?? ""));
  }, fields);
}

/** The first thing that was found about a field is the one to put right first. */
function oncePerField(violations: readonly FieldViolation[]): FieldViolation[] {
  const first = new Map<string, FieldViolation>();
  for (const violation of violations) if (!first.has(violation.field)) first.set(violation.field, violation);
  return [...first.values()];
}
