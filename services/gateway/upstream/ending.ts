/** How a call to a service ended, in the terms in which all our calls end. */

import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import type { Reason } from "../../../shared/errors.ts";
import { file_google_rpc_error_details } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { reasonOf } from "../../../shared/rpc/client.ts";
import type { ErrorDetail } from "../../../shared/rpc/error-details.ts";
import { StatusError, statusErrorOf } from "../../../shared/rpc/errors.ts";

const detailTypes = createRegistry(file_google_rpc_error_details);

/**
 * The status for whatever a call threw. `domain` is the package of the method, such as `booking.v1`.
 *
 * An error with a reason of the contract is the service's word and goes on as it is. One without may be connect-es's own,
 * for a connection that could not be made or that broke: its words name addresses of the inside, and its code can be
 * anything, from ABORTED to INVALID_ARGUMENT for a stream that stops in the middle of a message.
 */
export function endingOf(thrown: unknown, domain: string): StatusError {
  if (!(thrown instanceof ConnectError)) return statusErrorOf(thrown, domain);
  const reason = reasonOf(thrown);
  if (reason !== undefined) {
    // A service that is newer than the gateway may have reasons that are new. They go on like any other.
    const refusal = { reason: reason as Reason, details: detailsOf(thrown) };
    return new StatusError(thrown.code as number, thrown.rawMessage, refusal, thrown);
  }
  switch (thrown.code) {
    case Code.Unauthenticated:
    case Code.PermissionDenied:
      return new StatusError(thrown.code as number, thrown.rawMessage, undefined, thrown);
    case Code.DeadlineExceeded:
      return told(status.DEADLINE_EXCEEDED, "the deadline passed before the call was done", thrown);
    case Code.Unimplemented:
      return told(status.UNIMPLEMENTED, `the service of ${domain} does not know this method`, thrown);
    case Code.Internal:
    case Code.Unknown:
    case Code.DataLoss:
      return told(status.INTERNAL, "internal error", thrown);
    default:
      return told(status.UNAVAILABLE, `the service of ${domain} cannot be reached`, thrown);
  }
}

function told(code: status, message: string, cause: ConnectError): StatusError {
  return new StatusError(code, message, undefined, cause);
}

/** Those of google/rpc/error_details.proto, which are all that the contract names. */
function detailsOf(error: ConnectError): ErrorDetail[] {
  return error.details.flatMap((detail) => {
    if (!("type" in detail)) return [];
    const desc = detailTypes.getMessage(detail.type);
    return desc === undefined ? [] : [{ desc, message: fromBinary(desc, detail.value), bytes: detail.value }];
  });
}
