import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "../../../shared/rpc/client.ts";

/**
 * Whether a call failed after its service had let it in: it knew who called, and that caller had not called too often. Only the
 * service can tell, so what it has not said itself does not count.
 */
export function hasAdmitted(thrown: unknown): boolean {
  if (!(thrown instanceof ConnectError) || !thrown.isWireError) return false;
  if (thrown.code === Code.Unauthenticated) return false;
  const reason = reasonOf(thrown);
  // Without a reason the service may be unable to tell who calls.
  return reason === undefined ? thrown.code !== Code.Unavailable : reason !== "RATE_LIMITED";
}
