/** How a call to a service ended, in the terms in which all our calls end. */

import { createRegistry, fromBinary, isMessage } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { monotonicMs } from "../../../shared/clock.ts";
import type { Reason } from "../../../shared/errors.ts";
import { file_google_rpc_error_details, RetryInfoSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { SECOND_MS } from "../../../shared/time-units.ts";
import { reasonOf } from "../../../shared/rpc/client.ts";
import { type ErrorDetail, StatusError } from "../../../shared/status-error.ts";
import { statusErrorOf } from "../../../shared/rpc/as-status.ts";

const detailTypes = createRegistry(file_google_rpc_error_details);

/** An outage is told at most this often: its calls fail by the thousand, and one line says it all. */
const OUTAGE_TOLD_EVERY_MS = 10 * SECOND_MS;

/** The status for what a call threw. `domain` is the package of the method, such as `booking.v1`. */
export type EndingOf = (thrown: unknown, domain: string) => StatusError;

/**
 * Tells the log of services that cannot be reached, now and then. What a service has decided is in its call's line.
 *
 * An error with a reason of the contract is the service's word and goes on as it is. One without may be connect-es's own,
 * for a connection that could not be made or that broke: its words name addresses of the inside, and its code can be
 * anything, from ABORTED to INVALID_ARGUMENT for a stream that stops in the middle of a message.
 */
export function openEndings(log: Logger): EndingOf {
  const outages = new Map<string, { readonly toldAt: number; calls: number }>();
  const unreachable = (domain: string, cause: ConnectError): StatusError => {
    const last = outages.get(domain);
    if (last !== undefined) last.calls += 1;
    if (last === undefined || monotonicMs() - last.toldAt > OUTAGE_TOLD_EVERY_MS) {
      log.warn({ service: domain, calls: last?.calls ?? 1, err: cause }, "a service cannot be reached");
      outages.set(domain, { toldAt: monotonicMs(), calls: 0 });
    }
    return new StatusError(status.UNAVAILABLE, `the service of ${domain} cannot be reached`);
  };
  return (thrown, domain) => {
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
        // Only the service knows that it has failed: a broken connection, or an answer of another server, does not tell.
        return thrown.isWireError ? told(status.INTERNAL, "internal error", thrown) : unreachable(domain, thrown);
      default:
        return busyService(thrown) ?? unreachable(domain, thrown);
    }
  };
}

/** A service that is there, and says when to come again. */
function busyService(error: ConnectError): StatusError | undefined {
  const details = detailsOf(error);
  const saysWhen = details.some(({ message }) => isMessage(message, RetryInfoSchema));
  if (error.code !== Code.Unavailable || !saysWhen) return undefined;
  return new StatusError(status.UNAVAILABLE, error.rawMessage, { details });
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
