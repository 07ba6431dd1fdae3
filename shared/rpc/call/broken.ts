import { status } from "@grpc/grpc-js";
import type { StatusError } from "../../status-error.ts";

/** Codes that say that something is broken. A service ends its calls with the first one only, an upstream may with any. */
const BROKEN: ReadonlySet<status> = new Set([status.INTERNAL, status.UNKNOWN, status.DATA_LOSS]);

/**
 * Whether an operator must look at it: a bug of ours, or token verification that failed. A call that was refused for a reason
 * of the contract needs no look, whether it was refused here or by the service behind the gateway.
 */
export function isBroken(ending: StatusError | undefined): ending is StatusError {
  if (ending === undefined || ending.reason !== undefined) return false;
  return BROKEN.has(ending.code) || (ending.code === status.UNAVAILABLE && ending.cause !== undefined);
}
