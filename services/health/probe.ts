/** Asks a service whether it can serve, as an orchestrator does: by grpc.health.v1 on its gRPC port. */

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../shared/gen/health/v1/health_pb.ts";

/** Whether the service at `address` (`http://host:port`) says SERVING. False also when nobody answers in time. */
export async function isServing(address: string, timeoutMs: number): Promise<boolean> {
  const health = createClient(Health, createGrpcTransport({ baseUrl: address }));
  try {
    const { status } = await health.check({}, { timeoutMs });
    return status === Status.SERVING;
  } catch {
    return false;
  }
}
