import { ConnectError } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import type { StatusError } from "../../status-error.ts";
import { retryAfterSeconds } from "../retry-after.ts";

/** The same ending in connect-es's terms. The codes have the same numbers; the ending itself stays behind as `cause`. */
export function connectError(ending: StatusError): ConnectError {
  const details = ending.details.map(({ desc, message }) => ({ desc, value: message }));
  return new ConnectError(ending.message, ending.code as number, headersFor(ending), details, ending);
}

/** What HTTP wants an error to say: what would help against a 401, and when to come again. */
function headersFor(ending: StatusError): Record<string, string> | undefined {
  if (ending.code === status.UNAUTHENTICATED) return { "www-authenticate": "Bearer" };
  const seconds = retryAfterSeconds(ending);
  return seconds === undefined ? undefined : { "retry-after": String(seconds) };
}
