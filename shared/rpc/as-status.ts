/**
 * How a call ends when it does not end well: one status, whatever was thrown. The adapters only spell it in their
 * protocol.
 */

import { status } from "@grpc/grpc-js";
import { type Reason, Refusal, statusOf } from "../errors.ts";
import { type ErrorDetail, errorDetails } from "./error-details.ts";

/** The end of a call: what the caller is told. The numbers of gRPC's codes are those of Connect's too. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: status;
  readonly reason: Reason | undefined;
  readonly details: readonly ErrorDetail[];

  /** Without `refusal` it carries no reason: the endings for which the contract promises none. */
  constructor(
    code: status,
    message: string,
    refusal?: { readonly reason: Reason; readonly details: readonly ErrorDetail[] },
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.reason = refusal?.reason;
    this.details = refusal?.details ?? [];
  }
}

/**
 * The status for whatever a handler threw. `domain` is the package that defines the reasons, such as `booking.v1`. What
 * is not an expected refusal becomes a bare INTERNAL: its message could tell a stranger about our tables. The log gets
 * all of it, as `cause`.
 */
export function statusErrorOf(thrown: unknown, domain: string): StatusError {
  if (thrown instanceof StatusError) return thrown;
  if (thrown instanceof Refusal) {
    const code = status[statusOf[thrown.reason]];
    return new StatusError(code, thrown.message, { reason: thrown.reason, details: errorDetails(thrown, domain) });
  }
  if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
    return new StatusError(status.DEADLINE_EXCEEDED, "the deadline has passed");
  }
  return new StatusError(status.INTERNAL, "internal error", undefined, thrown);
}
