import { type Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { status } from "@grpc/grpc-js";
import type { Meter } from "@opentelemetry/api";
import { monotonicMs } from "../../clock.ts";
import { inSeconds, seconds } from "../../telemetry/seconds.ts";

/** Measures unary calls to a peer, by OpenTelemetry's conventions for RPC. A stream lasts as long as its watcher likes. */
export function measured(meter: Meter): Interceptor {
  const duration = meter.createHistogram("rpc.client.call.duration", inSeconds("How long calls to the peer took"));
  return (next) => async (request) => {
    if (request.stream) return await next(request);
    const begunAt = monotonicMs();
    let code: Code | undefined;
    try {
      return await next(request);
    } catch (error) {
      code = ConnectError.from(error).code;
      throw error;
    } finally {
      duration.record(seconds(monotonicMs() - begunAt), {
        "rpc.system.name": "connectrpc",
        "rpc.method": `${request.service.typeName}/${request.method.name}`,
        // Connect's codes have the numbers of gRPC's.
        "rpc.response.status_code": status[(code ?? status.OK) as number],
      });
    }
  };
}
