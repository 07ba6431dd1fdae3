/** Which of the caller's headers cross the gateway. Everything else ends here. */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { status } from "@grpc/grpc-js";
import { TokenRefused } from "../../../shared/auth/token-refused.ts";
import { bearerToken, joinRepeatedAuthorization, unauthenticated } from "../../../shared/rpc/call/bearer.ts";
import { StatusError } from "../../../shared/status-error.ts";
import { connectTimeoutMs, grpcTimeoutMs } from "../../../shared/rpc/call/timeouts.ts";

/**
 * Turns a caller away who shows nothing that could be a token, with the service's own answer, before its request is decoded:
 * decoding costs us a hundred times what sending costs the caller. Whether the token is good is for the service to say. `tellsWhy`: as
 * `unauthenticated` has it. Throws StatusError UNAUTHENTICATED.
 */
export function assertShowsToken({ headers, rawHeaders }: IncomingMessage, tellsWhy: boolean): void {
  // A repeated `authorization` must reach the service joined, so that it is refused; Node would pass on the first alone.
  joinRepeatedAuthorization(headers, rawHeaders);
  try {
    bearerToken(headers.authorization);
  } catch (thrown) {
    throw thrown instanceof TokenRefused ? unauthenticated(thrown, tellsWhy) : thrown;
  }
}

/** What the service gets to see: who calls. The name of the call and its trace go with the call: see traced-client.ts. */
export function headersOnward({ headers: { authorization } }: IncomingMessage): Headers {
  return new Headers(authorization === undefined ? {} : { authorization });
}

/**
 * How long the caller waits, in milliseconds: from `connect-timeout-ms` or `grpc-timeout`, undefined where there is neither.
 * Throws StatusError INVALID_ARGUMENT if it cannot be read.
 */
export function timeoutAsked(headers: IncomingHttpHeaders): number | undefined {
  const connect = headers["connect-timeout-ms"];
  const grpc = headers["grpc-timeout"];
  if (connect === undefined && grpc === undefined) return undefined;
  const timeoutMs = connect === undefined ? grpcTimeoutMs(String(grpc)) : connectTimeoutMs(String(connect));
  if (timeoutMs !== undefined) return timeoutMs;
  throw new StatusError(status.INVALID_ARGUMENT, "the timeout cannot be read: see connect-timeout-ms and grpc-timeout");
}
