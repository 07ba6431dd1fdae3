import { ConnectError } from "@connectrpc/connect";
import type { StatusError } from "./errors.ts";

/** The same ending in connect-es's terms. The codes have the same numbers; the ending itself stays behind as `cause`. */
export function connectError(ending: StatusError): ConnectError {
  const details = ending.details.map(({ desc, message }) => ({ desc, value: message }));
  return new ConnectError(ending.message, Number(ending.code), undefined, details, ending);
}
