/** What is measured of calls, by OpenTelemetry's conventions for RPC. Names of methods and reasons are of the contract, so few. */

import { status } from "@grpc/grpc-js";
import type { Meter } from "@opentelemetry/api";
import { TokenRefused } from "../../auth/token-refused.ts";
import { monotonicMs } from "../../clock.ts";
import type { StatusError } from "../../status-error.ts";
import { inSeconds, seconds } from "../../telemetry/seconds.ts";
import type { OpenCall } from "./open-call.ts";

export interface CallMeasures {
  /** To be called once, when the call has ended. */
  ended(call: OpenCall, ending: StatusError | undefined): void;
  /** `open`: the calls under way, at any time. */
  watch(open: ReadonlySet<OpenCall>): void;
}

export function callMeasures(meter: Meter): CallMeasures {
  const duration = meter.createHistogram(
    "rpc.server.call.duration",
    inSeconds("How long calls took, from their headers to their end"),
  );
  const refused = meter.createCounter("slotwright.calls.refused", {
    description: "Calls that were refused for a reason of the contract, or whose token was, by reason",
  });
  const underWay = meter.createObservableGauge("slotwright.calls.open", {
    description: "Calls under way, by kind; a stream is a watcher",
  });
  return {
    ended(call, ending) {
      const method = methodOf(call);
      duration.record(seconds(monotonicMs() - call.startedAt), {
        "rpc.system.name": systemOf(call),
        "rpc.method": method,
        "rpc.response.status_code": status[ending?.code ?? status.OK],
      });
      const reason = ending?.reason ?? (ending?.cause instanceof TokenRefused ? ending.cause.reason : undefined);
      if (reason !== undefined) refused.add(1, { "rpc.method": method, reason });
    },
    watch(open) {
      underWay.addCallback((result) => {
        let streams = 0;
        for (const { method } of open) if (method.methodKind !== "unary") streams += 1;
        result.observe(open.size - streams, { kind: "unary" });
        result.observe(streams, { kind: "stream" });
      });
    },
  };
}

function methodOf({ method }: OpenCall): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** OpenTelemetry has a name for Connect's own protocol. The others are called as everywhere. */
function systemOf({ transport }: OpenCall): string {
  return transport === "connect" ? "connectrpc" : transport;
}
