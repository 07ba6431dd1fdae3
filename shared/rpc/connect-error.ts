import { ConnectError } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import type { StatusError } from "./errors.ts";

/** The same ending in connect-es's terms. The codes have the same numbers; the ending itself stays behind as `cause`. */
export function connectError(ending: StatusError): ConnectError {
  const details = ending.details.map(({ desc, message }) => ({ desc, value: message }));
  return new ConnectError(ending.message, ending.code as number, headersFor(ending), details, ending);
}

/** HTTP wants a 401 to say what would help. */
function headersFor(ending: StatusError): Record<string, string> | undefined {
  return ending.code === status.UNAUTHENTICATED ? { "www-authenticate": "Bearer" } : undefined;
}
