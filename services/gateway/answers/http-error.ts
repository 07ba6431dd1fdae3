import { status } from "@grpc/grpc-js";
import { StatusError } from "../../../shared/status-error.ts";

/** A refusal for which HTTP has a status of its own, such as 405. */
export class HttpError extends StatusError {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(httpStatus: number, code: status, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, message);
    this.httpStatus = httpStatus;
    this.headers = headers;
  }
}

export function nothingThere(): HttpError {
  return new HttpError(404, status.NOT_FOUND, "there is nothing at this path: see /openapi.json");
}

export function malformedPath(): HttpError {
  return new HttpError(400, status.INVALID_ARGUMENT, "the path is not percent-encoded UTF-8");
}

export function severalHosts(): HttpError {
  return new HttpError(400, status.INVALID_ARGUMENT, "the request has more than one Host header");
}

export function methodNotAllowed(allowed: readonly string[]): HttpError {
  const allow = allowed.join(", ");
  return new HttpError(405, status.UNIMPLEMENTED, `this path takes ${allow} only`, { allow });
}

export function notJson(): HttpError {
  return new HttpError(415, status.INVALID_ARGUMENT, "the body must be application/json in UTF-8, not compressed");
}

export function tooLarge(bytesMax: number): HttpError {
  // The rest of it is not waited for.
  const headers = { connection: "close" };
  return new HttpError(413, status.RESOURCE_EXHAUSTED, `the body is larger than ${bytesMax} bytes`, headers);
}
