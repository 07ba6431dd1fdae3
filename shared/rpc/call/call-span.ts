/** What the span of a call says, by the semantic conventions of OpenTelemetry for RPC. Never who called, or with what. */

import type { Attributes } from "@opentelemetry/api";
import { status } from "@grpc/grpc-js";
import type { StatusError } from "../../status-error.ts";
import type { Recording } from "../../telemetry/recording.ts";
import { isBroken } from "./broken.ts";

/** `booking.v1.BookingService/CreateBooking`, and the protocol by the name that our log has for it. */
export function callAttributes(methodName: string, transport: string): Attributes {
  // OpenTelemetry has a name for Connect's own protocol. The others are called as everywhere.
  return { "rpc.method": methodName, "rpc.system.name": transport === "connect" ? "connectrpc" : transport };
}

/** Ends the span of a call. A refusal is an answer like any other; an error is only what an operator must look at. */
export function endCallSpan(recording: Recording, ending: StatusError | undefined): void {
  const code = status[ending?.code ?? status.OK];
  recording.note({ "rpc.response.status_code": code });
  if (ending?.reason !== undefined) recording.note({ "slotwright.reason": ending.reason });
  if (isBroken(ending)) {
    recording.note({ "error.type": code });
    recording.fail();
  }
  recording.end();
}
