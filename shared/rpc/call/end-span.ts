/** How a call ended, as its span says it. Never who called, or with what. */

import { status } from "@grpc/grpc-js";
import type { StatusError } from "../../status-error.ts";
import type { Recording } from "../../trace.ts";
import { isBroken } from "./broken.ts";

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
