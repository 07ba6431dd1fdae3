/** Which pages of other origins may call: the CORS protocol of the Fetch standard, without cookies, which nothing here uses. */

import type { IncomingHttpHeaders } from "node:http";

const REQUEST_HEADERS = [
  "authorization",
  "connect-timeout-ms",
  "content-type",
  "grpc-timeout",
  "idempotency-key",
  "if-match",
  "last-event-id",
  "traceparent",
  "tracestate",
  "x-request-id",
];
const ANSWER_HEADERS = ["etag", "retry-after", "x-request-id", "ratelimit", "ratelimit-policy"];
/** Browsers keep a preflight's answer for two hours at most. */
const MAX_AGE_SECONDS = 7200;

type HttpHeaders = Readonly<Record<string, string>>;

/** What every answer says about who may read it. */
export function corsHeaders(origins: readonly string[], headers: IncomingHttpHeaders): HttpHeaders {
  if (origins.length === 0) return {};
  const allowed = allowedOrigin(origins, headers.origin);
  if (allowed === undefined) return { vary: "origin" };
  return {
    vary: "origin",
    "access-control-allow-origin": allowed,
    "access-control-expose-headers": ANSWER_HEADERS.join(", "),
  };
}

/** What the answer to a browser's question beforehand says in addition. `methods` are those that the path takes. */
export function preflightHeaders(
  origins: readonly string[],
  headers: IncomingHttpHeaders,
  methods: readonly string[],
): HttpHeaders {
  const isPreflight = headers["access-control-request-method"] !== undefined;
  if (!isPreflight || allowedOrigin(origins, headers.origin) === undefined) return {};
  return {
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": REQUEST_HEADERS.join(", "),
    "access-control-max-age": String(MAX_AGE_SECONDS),
  };
}

function allowedOrigin(origins: readonly string[], origin: string | undefined): string | undefined {
  if (origins.includes("*")) return "*";
  return origin !== undefined && origins.includes(origin) ? origin : undefined;
}
