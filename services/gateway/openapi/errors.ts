/** What can go wrong with a method, as its options tell, and the comments of the reasons. */

import { type DescEnumValue, type DescMethod, getOption, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { code } from "../../../shared/gen/rules/v1/reason_pb.ts";
import { httpStatusOf } from "../answers/failure.ts";
import type { Contract } from "../contract/contract.ts";
import { reasonName, reasonsOf } from "../contract/method-rules.ts";
import { ETAG } from "../transcoding/header-fields.ts";
import type { Schemas } from "./schema.ts";

/** The name of the schema that all errors have. */
export const STATUS = "google.rpc.Status";
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
  const byStatus = new Map(Object.entries(WITHOUT_REASON).map(([httpStatus, text]) => [httpStatus, [text]]));
  for (const reason of reasonsOf(method, contract.types)) {
    const httpStatus = String(statusOfReason(reason));
    const line = `- \`${reasonName(reason)}\`: ${contract.comments(reason)}`;
    byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), line]);
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

/** By the status code that the contract gives the reason. */
function statusOfReason(reason: DescEnumValue): number {
  const byCode: Readonly<Record<number, number>> = httpStatusOf;
  const httpStatus = byCode[getOption(reason, code)];
  if (httpStatus === undefined) throw new Error(`the reason ${reason.name} has no status code`);
  return httpStatus;
}
