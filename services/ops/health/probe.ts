/** Asks a service whether it can serve, as an orchestrator does: by grpc.health.v1 on its gRPC port. */

import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../shared/gen/health/v1/health_pb.ts";

/** The service's own certificate and key, to be shown to it. */
export interface OwnCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Whether the service at `address` (`http://host:port`) says SERVING. False also without an answer in time. One that speaks
 * TLS (`https://`) may show any certificate: this asks the process next to it, and the certificate is for
 * the names by which others reach it.
 */
export async function isServing(address: string, timeoutMs: number, own?: OwnCertificate): Promise<boolean> {
  const nodeOptions = own === undefined ? {} : { ...own, rejectUnauthorized: false };
  const health = createClient(Health, createGrpcTransport({ baseUrl: address, nodeOptions }));
  try {
    const { status } = await health.check({}, { timeoutMs });
    return status === Status.SERVING;
  } catch {
    return false;
  }
}
