/**
 * Timeouts as callers send them. A timer of Node that is given more than 2^31 ms fires after one, so an absurd timeout
 * would end a call at once: what is too long is cut to the longest that we allow before any library sees it.
 */

import type { DescMethod } from "@bufbuild/protobuf";
import type { IncomingHttpHeaders } from "node:http";
import { DEADLINE_DEFAULT_MS, DEADLINE_MAX_MS } from "../../limits.ts";

const GRPC_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Whole milliseconds from a `grpc-timeout` such as `250m` or `3S`; undefined if it is not one. */
export function grpcTimeoutMs(header: string): number | undefined {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(header) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  return Math.floor(Number(amount) * (GRPC_UNIT_MS[unit] ?? Number.NaN));
}

/** Milliseconds from a `connect-timeout-ms`; undefined if it is not one. */
export function connectTimeoutMs(header: string): number | undefined {
  return /^\d{1,10}$/.test(header) ? Number(header) : undefined;
}

/** How long a call may take: what its caller asked for within our limits, or the default of its kind. */
export function callTimeoutMs(method: DescMethod, askedMs: number | undefined): number {
  if (askedMs !== undefined) return Math.min(askedMs, DEADLINE_MAX_MS);
  return method.methodKind === "unary" ? DEADLINE_DEFAULT_MS : Infinity;
}

/** Shortens timeouts that are too long, in place. Malformed ones are left for connect-es, which refuses them. */
export function shortenTimeouts(headers: IncomingHttpHeaders): void {
  const connectMs = headers["connect-timeout-ms"];
  if (typeof connectMs === "string" && (connectTimeoutMs(connectMs) ?? 0) > DEADLINE_MAX_MS) {
    headers["connect-timeout-ms"] = String(DEADLINE_MAX_MS);
  }
  const grpc = headers["grpc-timeout"];
  if (typeof grpc === "string" && (grpcTimeoutMs(grpc) ?? 0) > DEADLINE_MAX_MS) {
    headers["grpc-timeout"] = `${DEADLINE_MAX_MS}m`;
  }
}
