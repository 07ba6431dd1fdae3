/** One status for each error that was thrown. The adapters only write it down in their protocol. */

import { status } from "@grpc/grpc-js";
import { Refusal, statusOf } from "../errors.ts";
import { StatusError } from "../status-error.ts";
import { detailInWords, errorDetails } from "./error-details.ts";
import type { CallersWords } from "./request/field-names.ts";

/**
 * The status for what a handler threw. `domain` is the package that defines the reasons, such as `booking.v1`. What
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

/** The same refusal with the caller's own names for fields, where it has others than the contract. */
export function inCallersWords(ending: StatusError, words: CallersWords | undefined): StatusError {
  const { code, message, reason, details, cause } = ending;
  if (words === undefined || reason === undefined) return ending;
  const told = details.map((detail) => detailInWords(detail, words));
  return new StatusError(code, words(message), { reason, details: told }, cause);
}
