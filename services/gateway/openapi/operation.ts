import type { DescField, DescMethod, JsonObject } from "@bufbuild/protobuf";
import { etagPlace } from "../answers/etag.ts";
import type { Contract } from "../contract/contract.ts";
import { callersOf } from "../contract/method-rules.ts";
import { rulesOf } from "../contract/rules.ts";
import { type Binding, isCreation } from "../transcoding/binding.ts";
import { type FieldPath, isTextual, nameOf } from "../transcoding/fields.ts";
import { AFTER_SEQUENCE, ETAG, REQUEST_ID } from "../transcoding/header-fields.ts";
import { errorResponses, STATUS } from "./errors.ts";
import { exampleObject } from "./examples.ts";
import type { Schemas } from "./schema.ts";

/** One way to call a method. `id` is unique in the document. */
export function operationOf(binding: Binding, id: string, contract: Contract, schemas: Schemas): JsonObject {
  const { method } = binding;
  const comment = contract.comments(method);
  const body = bodyOf(binding, schemas);
  return {
    operationId: id,
    tags: [method.parent.name],
    summary: firstSentence(comment),
    description: `${comment}\n\n${callersSentence(method)}`,
    parameters: [
      ...binding.variables.map((path) => parameter("path", path, schemas)),
      ...queryPaths(binding).map((path) => parameter("query", path, schemas)),
      ...headerParameters(method),
    ],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      [isCreation(binding) ? "201" : "200"]: successOf(binding, schemas),
      ...errorResponses(method, contract),
    },
  };
}

/** Who may call the method, for people. The contract says it as an option. */
function callersSentence(method: DescMethod): string {
  const callers = Object.entries(callersOf(method)).map(([role, scope]) => {
    if (scope === "everybody") return role;
    const isInRequest = method.input.fields.some(({ name }) => name === `${scope}_id`);
    return isInRequest ? `the ${role} that \`${scope}_id\` names` : `a ${role} where it is the ${scope}`;
  });
  return `Callers: ${callers.join(", ")}.`;
}

function parameter(place: "path" | "query", path: FieldPath, schemas: Schemas): JsonObject {
  const field = lastOf(path);
  const { description = "", ...schema } = schemas.ofField(field);
  const isRequired = place === "path" || rulesOf(field).isRequired;
  return { name: nameOf(path), in: place, required: isRequired, description, schema };
}

/** The fields that neither the path nor the body sets. */
function queryPaths({ method, body, variables }: Binding): FieldPath[] {
  if (body === "*") return [];
  const taken = new Set(variables.map(nameOf));
  return method.input.fields
    .filter((field) => field !== body)
    .flatMap((field) => leaves([field]))
    .filter((path) => !taken.has(nameOf(path)));
}

function leaves(path: FieldPath): FieldPath[] {
  const field = lastOf(path);
  if (isTextual(path, true)) return [path];
  // A message inside of itself has no last leaf.
  if (field.fieldKind !== "message" || path.filter((each) => each.message === field.message).length > 1) return [];
  return field.message.fields.flatMap((inner) => leaves([...path, inner]));
}

function headerParameters(method: DescMethod): JsonObject[] {
  const has = (name: string): boolean => method.input.fields.some((field) => field.name === name);
  const header = (name: string, description: string, schema: JsonObject): JsonObject[] => [
    { name, in: "header", required: false, description, schema },
  ];
  return [
    ...(has(REQUEST_ID)
      ? header("Idempotency-Key", "The same as `requestId` in the body.", { type: "string", format: "uuid" })
      : []),
    ...(has(ETAG) ? header("If-Match", "The same as `etag` in the body.", { type: "string" }) : []),
    ...(has(AFTER_SEQUENCE) && method.methodKind === "server_streaming"
      ? header("Last-Event-ID", "The same as `after_sequence`; browsers send it when they connect again.", {
          type: "string",
        })
      : []),
  ];
}

function bodyOf({ method, body, variables }: Binding, schemas: Schemas): JsonObject | undefined {
  if (body === undefined) return undefined;
  if (body !== "*") return { required: true, content: { "application/json": { schema: schemas.ofField(body) } } };
  const inPath = new Set(variables.map((path) => path[0]));
  const fields = method.input.fields.filter((field) => !inPath.has(field));
  const required = fields.filter((field) => rulesOf(field).isRequired);
  const schema = {
    type: "object",
    properties: Object.fromEntries(fields.map((field) => [field.jsonName, schemas.ofField(field)])),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required: required.map(({ jsonName }) => jsonName) }),
  };
  // What a mask may name is there to be set.
  const masked = new Set(fields.flatMap((field) => [...rulesOf(field).masked.values()]));
  // Lists too, though they may be empty: whoever sets a list wants something in it.
  const isShown = (field: DescField): boolean =>
    // Of two of which one is required, the first.
    required.includes(field) || rulesOf(field).orElse !== undefined || masked.has(field) || field.fieldKind === "list";
  const example = exampleObject(fields.filter(isShown));
  return { required: required.length > 0, content: { "application/json": { schema, example } } };
}

function successOf({ method, responseBody }: Binding, schemas: Schemas): JsonObject {
  const schema = responseBody === undefined ? schemas.reference(method.output) : schemas.ofField(responseBody);
  if (method.methodKind === "server_streaming") return streamOf(schema);
  const etag = { description: "The version of what was answered, for `If-Match`.", schema: { type: "string" } };
  return {
    description: "The answer.",
    ...(etagPlace(method.output) === undefined ? {} : { headers: { ETag: etag } }),
    content: { "application/json": { schema } },
  };
}

/** A stream's HTTP status is sent before its end: why it ends is in its last line or event. */
function streamOf(message: JsonObject): JsonObject {
  const status = { $ref: `#/components/schemas/${STATUS}` };
  const lastLine = {
    type: "object",
    description: "The last line of a stream that does not end well: why.",
    required: ["error"],
    properties: { error: status },
  };
  const event = { anyOf: [message, status] };
  const description =
    "A message on each line. Where `Accept` asks for `text/event-stream`, an event for each, with the message as its " +
    'data and its `sequence` as its id. A stream that does not end well says why: on a last line `{"error": …}`, or in ' +
    "a last event named `status`, whose data is the error.";
  return {
    description,
    content: {
      "application/x-ndjson": { schema: { anyOf: [message, lastLine] } },
      "text/event-stream": { schema: event },
    },
  };
}

function firstSentence(comment: string): string {
  return /^.*?\.(?=\s|$)/s.exec(comment)?.[0] ?? comment;
}

function lastOf(path: FieldPath): DescField {
  const last = path.at(-1);
  if (last === undefined) throw new Error("an empty field path");
  return last;
}
