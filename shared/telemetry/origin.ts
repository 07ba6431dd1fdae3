/** What a call says of where it comes from, in headers that need no token: its name, and the trace that it belongs to. */

import type { TracePlace } from "../trace.ts";
import { type RequestHeaders, tracePlaceIn } from "./trace-context.ts";

export interface Origin {
  /** The caller's name for the call, so that its log and ours can be read side by side. */
  readonly requestId: string | undefined;
  /** The caller's span. */
  readonly parent: TracePlace | undefined;
}

/** It is written into logs and sent on: short, printable, without blanks. */
const REQUEST_ID = /^[!-~]{1,128}$/;

/** Undefined if the headers say nothing of it. */
export function originIn(headers: RequestHeaders): Origin | undefined {
  const requestId = requestIdIn(headers);
  const parent = headers["traceparent"] === undefined ? undefined : tracePlaceIn(headers);
  return requestId === undefined && parent === undefined ? undefined : { requestId, parent };
}

/** The same of the headers of the web. */
export function originInWeb(headers: Headers): Origin | undefined {
  return originIn({
    "x-request-id": headers.get("x-request-id") ?? undefined,
    traceparent: headers.get("traceparent") ?? undefined,
    tracestate: headers.get("tracestate") ?? undefined,
  });
}

/** The name that a caller has given its call, if it is one that can be kept. */
export function requestIdIn({ "x-request-id": given }: RequestHeaders): string | undefined {
  return typeof given === "string" && REQUEST_ID.test(given) ? given : undefined;
}
