/** What the caller gets when a call does not end well: google.rpc.Status as JSON, and the HTTP status for its code. */

import { type JsonObject, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import { retryAfterSeconds } from "../../../shared/rpc/retry-after.ts";
import type { StatusError } from "../../../shared/status-error.ts";
import { headersBack } from "./headers-back.ts";
import { HttpError } from "./http-error.ts";

/** As the comments of google/rpc/code.proto have it. */
export const httpStatusOf: Readonly<Record<Exclude<status, status.OK>, number>> = {
  [status.CANCELLED]: 499,
  [status.UNKNOWN]: 500,
  [status.INVALID_ARGUMENT]: 400,
  [status.DEADLINE_EXCEEDED]: 504,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.PERMISSION_DENIED]: 403,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.FAILED_PRECONDITION]: 400,
  [status.ABORTED]: 409,
  [status.OUT_OF_RANGE]: 400,
  [status.UNIMPLEMENTED]: 501,
  [status.INTERNAL]: 500,
  [status.UNAVAILABLE]: 503,
  [status.DATA_LOSS]: 500,
  [status.UNAUTHENTICATED]: 401,
};

/** When to come back if the service has not said it. */
const RETRY_AFTER_SECONDS = 1;

export interface Failure {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** `hasIfMatch`: the caller has set the header, so that an etag that does not match is a failed precondition of HTTP's. */
export function failureOf(ending: StatusError, hasIfMatch: boolean): Failure {
  const { cause } = ending;
  const own = ending instanceof HttpError ? ending.headers : {};
  const fromService = cause instanceof ConnectError ? headersBack(cause.metadata) : {};
  return {
    httpStatus: httpStatus(ending, hasIfMatch),
    headers: { ...headersFor(ending), ...own, ...fromService },
    body: statusJson(ending),
  };
}

/** google.rpc.Status in the JSON form of protobuf: each detail with its type in `@type`. */
export function statusJson({ code, message, details }: StatusError): JsonObject {
  const types = details.map((detail) => ({
    "@type": `type.googleapis.com/${detail.desc.typeName}`,
    ...(toJson(detail.desc, detail.message) as JsonObject),
  }));
  return { code, message, details: types };
}

function httpStatus(ending: StatusError, hasIfMatch: boolean): number {
  if (ending instanceof HttpError) return ending.httpStatus;
  if (ending.reason === "ETAG_MISMATCH" && hasIfMatch) return 412;
  return ending.code === status.OK ? 500 : httpStatusOf[ending.code];
}

function headersFor(ending: StatusError): Record<string, string> {
  const unsaid = ending.code === status.UNAVAILABLE ? RETRY_AFTER_SECONDS : undefined;
  const seconds = retryAfterSeconds(ending) ?? unsaid;
  return {
    ...(seconds === undefined ? {} : { "retry-after": String(seconds) }),
    // HTTP wants it beside every 401.
    ...(ending.code === status.UNAUTHENTICATED ? { "www-authenticate": "Bearer" } : {}),
  };
}
