import { isMessage } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import type { StatusError } from "../status-error.ts";
import { SECOND_MS } from "../time-units.ts";

/** The `Retry-After` for an ending that has a RetryInfo. The header counts in whole seconds; 0 would mean "at once". */
export function retryAfterSeconds({ details }: StatusError): number | undefined {
  for (const { message } of details) {
    if (!isMessage(message, RetryInfoSchema) || message.retryDelay === undefined) continue;
    return Math.max(1, Math.ceil(durationMs(message.retryDelay) / SECOND_MS));
  }
  return undefined;
}
