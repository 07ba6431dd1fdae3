/** One log line per call: never bodies, tokens or e-mail addresses. Of a refused token it has why, and whose it claims to be. */

import type { DescMethod } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import type { Identity } from "../../auth/identity.ts";
import { TokenRefused } from "../../auth/token-refused.ts";
import { monotonicMs } from "../../clock.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import type { StatusError } from "../../status-error.ts";
import type { Trace } from "../../trace.ts";
import { isBroken } from "./broken.ts";

/** Digits of the trace id that decide whether its successes have lines: the last ones are random whoever made it. */
const DECIDING_DIGITS = 8;

/** What of a call its line tells. */
interface EndedCall {
  readonly method: DescMethod;
  readonly log: Logger;
  readonly transport: string;
  readonly startedAt: number;
  readonly identity: Identity;
  readonly trace: Trace | undefined;
}

/** `successes`: how much of the calls that ended well has a line, from 0 to 1. Each of the others has its line. */
export function logCall(call: EndedCall, ending: StatusError | undefined, successes: number): void {
  const isOurs = isBroken(ending);
  // Probes ask every few seconds, and what they find is well known.
  const isProbe = ending === undefined && call.method.parent.typeName === Health.typeName;
  const level = isProbe ? "debug" : "info";
  if (!isOurs && !call.log.isLevelEnabled(level)) return;
  if (ending === undefined && successes < 1 && !isChosen(call, successes)) return;
  const { cause } = ending ?? {};
  const { place, requestId, recording } = call.trace ?? {};
  const line = {
    code: status[ending?.code ?? status.OK],
    reason: ending?.reason,
    token: cause instanceof TokenRefused ? refusedToken(cause) : undefined,
    subject: call.identity.subject === "" ? undefined : call.identity.subject,
    request_id: requestId,
    trace_id: place?.traceId,
    // The call's own span. Of a trace that is not kept there is none to look up.
    span_id: recording === undefined ? undefined : place?.spanId,
    duration_ms: Math.round((monotonicMs() - call.startedAt) * 1000) / 1000,
    transport: call.transport,
  };
  if (isOurs) call.log.error({ ...line, err: ending.cause ?? ending }, "call failed");
  else call.log[level](line, "call");
}

/** By the trace, so that the lines of one call are there in all processes or in none; without one, by chance. */
function isChosen({ trace }: EndedCall, share: number): boolean {
  const digits = trace?.place?.traceId.slice(-DECIDING_DIGITS);
  if (digits === undefined) return Math.random() < share;
  return Number.parseInt(digits, 16) < share * 16 ** DECIDING_DIGITS;
}

/** What the log has of a token that was refused. */
function refusedToken({ reason, issuer, subject }: TokenRefused): object {
  return { refused: reason, issuer, subject };
}
