/** Which headers cross the gateway. Everything else ends here. */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { status } from "@grpc/grpc-js";
import { bearerToken, joinRepeatedAuthorization } from "../../../shared/rpc/call/bearer.ts";
import { StatusError } from "../../../shared/status-error.ts";
import { grpcTimeoutMs } from "../../../shared/rpc/call/timeouts.ts";

/** Who calls, and which trace the call belongs to. */
const ONWARD = ["authorization", "traceparent", "tracestate"] as const;

/** What a service may tell its caller in headers: how much is left of a limit, and how to sign in. */
const BACK = /^(?:ratelimit|x-ratelimit)(?:-|$)|^www-authenticate$/;

/**
 * Turns away who shows nothing that could be a token, with the service's own answer, before anything of theirs is decoded:
 * that costs a hundred times what it costs to send. Whether the token is good is for the service to say. Throws StatusError
 * UNAUTHENTICATED.
 */
export function assertShowsToken({ headers, rawHeaders }: IncomingMessage): void {
  // The service refuses several, and so must not get to see the first one alone.
  joinRepeatedAuthorization(headers, rawHeaders);
  bearerToken(headers.authorization);
}

/** What the service gets to see. */
export function headersOnward({ headers }: IncomingMessage, requestId: string): Headers {
  const onward = new Headers({ "x-request-id": requestId });
  for (const name of ONWARD) {
    const value = headers[name];
    if (typeof value === "string") onward.set(name, value);
  }
  return onward;
}

/** What the caller gets to see of the service's headers. */
export function headersBack(headers: Headers): Record<string, string> {
  return Object.fromEntries(Array.from(headers).filter(([name]) => BACK.test(name)));
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

function connectTimeoutMs(header: string): number | undefined {
  return /^\d{1,10}$/.test(header) ? Number(header) : undefined;
}
