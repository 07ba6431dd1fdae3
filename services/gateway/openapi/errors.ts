/** What can go wrong with a method, as its comments and those of the reasons tell. */

import type { DescEnumValue, DescMethod, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { httpStatusOf } from "../answers/failure.ts";
import type { Contract } from "../contract/contract.ts";
import { ETAG } from "../transcoding/header-fields.ts";
import type { Schemas } from "./schema.ts";

/** The name of the schema that all errors have. */
export const STATUS = "google.rpc.Status";
const REASON_PREFIX = "ERROR_REASON_";
/** The details that refusals carry. */
const DETAILS = ["ErrorInfo", "BadRequest", "ResourceInfo", "PreconditionFailure", "RetryInfo"];
/** Endings for which the contract promises no reason, and refusals of the gateway itself. */
const WITHOUT_REASON: Readonly<Record<number, string>> = {
  401: "The call is not signed with a token that is good.",
  403: "The caller may not do this.",
  413: "The body is too large.",
  415: "The body is not `application/json`, or is compressed.",
  500: "A fault of ours.",
  503: "The service cannot be reached or stops, or one of these. Send the same call again, a write with the same key.",
  504: "The deadline of the call passed first. A write may have happened or not: send it again with the same key.",
};

/** The error responses of a method, by HTTP status. */
export function errorResponses(method: DescMethod, contract: Contract): JsonObject {
  const byStatus = new Map(Object.entries(WITHOUT_REASON).map(([code, text]) => [code, [text]]));
  for (const reason of reasonsOf(method, contract)) {
    const { code, text } = explained(reason, contract);
    const httpStatus = String(httpStatusOf[code]);
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), `- \`${shortName(reason)}\`: ${text}`]);
  }
  if (method.input.fields.some(({ name }) => name === ETAG)) {
    byStatus.set("412", ["`ETAG_MISMATCH`, where the etag was that of `If-Match`."]);
  }
  const content = { "application/json": { schema: { $ref: `#/components/schemas/${STATUS}` } } };
  return Object.fromEntries(
    Array.from(byStatus, ([httpStatus, texts]) => [httpStatus, { description: texts.join("\n"), content }]),
  );
}

/** google.rpc.Status in the JSON form of protobuf. */
export function statusSchema(contract: Contract, schemas: Schemas): JsonObject {
  return {
    type: "object",
    description: "The form of every error.",
    required: ["code", "message", "details"],
    properties: {
      code: { type: "integer", format: "int32", description: "The number of the gRPC code: what to do next." },
      message: { type: "string", description: "For people. It may change." },
      details: {
        type: "array",
        description: "Why, for programs. A refusal for a reason of the contract has an ErrorInfo that names it.",
        items: { anyOf: DETAILS.map((name) => detailSchema(`google.rpc.${name}`, contract, schemas)) },
      },
    },
    examples: [EXAMPLE],
  };
}

const EXAMPLE: JsonValue = {
  code: 10,
  message: "an active booking overlaps the asked time",
  details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SLOT_TAKEN", domain: "booking.v1" }],
};

function detailSchema(typeName: string, contract: Contract, schemas: Schemas): JsonObject {
  const desc = contract.types.getMessage(typeName);
  if (desc === undefined) throw new Error(`the descriptor set has no ${typeName}`);
  const type = { type: "string", const: `type.googleapis.com/${typeName}` };
  return { allOf: [schemas.reference(desc), { type: "object", required: ["@type"], properties: { "@type": type } }] };
}

/** The reasons that the comments of the method and its service name. */
function reasonsOf(method: DescMethod, { types, comments }: Contract): DescEnumValue[] {
  const reasons = types.getEnum(`${method.parent.file.proto.package}.ErrorReason`)?.values ?? [];
  const [anyMethod = "", writes = ""] = comments(method.parent).split("each that writes");
  const isRead = method.idempotency === IdempotencyLevel.NO_SIDE_EFFECTS;
  const named = new Set([comments(method), anyMethod, isRead ? "" : writes].join(" ").match(/\b[A-Z][A-Z_]+\b/g));
  return reasons.filter((reason) => named.has(shortName(reason)));
}

/** A reason's comment begins with the code that goes with it. */
function explained(reason: DescEnumValue, { comments }: Contract): { code: keyof typeof httpStatusOf; text: string } {
  const [, name = "", text = ""] = /^([A-Z_]+)\. (.*)$/s.exec(comments(reason)) ?? [];
  const code = status[name as keyof typeof status];
  if (code === undefined || code === status.OK) throw new Error(`the comment of ${reason.name} names no code`);
  return { code, text };
}

function shortName({ name }: DescEnumValue): string {
  return name.slice(REASON_PREFIX.length);
}
