/** The ways by which clients call the pair, none of which sends a call again by itself but for what its library does. */

import { Agent } from "node:http";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Client, credentials, type ChannelOptions } from "@grpc/grpc-js";
import { bearer, type PeerTransport, peerTransport } from "../../shared/rpc/client.ts";
import { grpcCall } from "../support/grpc.ts";
import { admin, authorizationOf, tokenSource } from "../support/tokens.ts";
import type { RollingStage } from "./stage.ts";

/** More than a call takes where others use the processors. */
export const PATIENT_MS = 60_000;

export type Unary = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
) => Promise<MessageShape<O>>;

export interface Door {
  readonly unary: Unary;
  close(): void;
}

/**
 * By Connect through the balancers: connect-node over HTTP/1.1, on one connection, or our own client over HTTP/2. Over HTTP/2
 * connect-node loses calls by itself: Node.js refuses what was asked of a connection in the moment in which a GOAWAY is read,
 * though nothing of it was sent.
 */
export function connectDoor({ balancers }: RollingStage, httpVersion: "1.1" | "2"): Door {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const token = tokenSource(admin);
  const transportTo = (port: number): Transport =>
    httpVersion === "1.1"
      ? createConnectTransport({
          baseUrl: urlOf(port),
          httpVersion,
          interceptors: [bearer(token)],
          nodeOptions: { agent },
        })
      : peerTransport(urlOf(port), { token });
  const transports = {
    availability: transportTo(balancers.availability.port),
    booking: transportTo(balancers.booking.port),
  };
  return {
    async unary(method, request) {
      const transport = transports[serviceOf(method)];
      const message = create(method.input, request);
      return (await transport.unary(method, undefined, PATIENT_MS, undefined, message)).message;
    },
    close() {
      agent.destroy();
      for (const transport of Object.values(transports)) if ("close" in transport) (transport as PeerTransport).close();
    },
  };
}

/** By grpc-js: through the balancers, or to the replicas themselves in turn. */
export function grpcDoor(
  stage: RollingStage,
  policy: "pick_first" | "round_robin",
): Door & { channels: readonly Client[] } {
  const serviceConfig = JSON.stringify({ loadBalancingConfig: [{ [policy]: {} }] });
  const options: ChannelOptions = {
    "grpc.service_config": serviceConfig,
    "grpc.use_local_subchannel_pool": 1,
    // Or a test would wait for seconds until a client looks for a replica that is back.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 300,
  };
  const portsOf = (kind: "availability" | "booking"): readonly number[] =>
    policy === "pick_first"
      ? [stage.balancers[`${kind}Grpc`].port]
      : stage.places.filter((place) => place.kind === kind).map(({ grpcPort }) => grpcPort);
  const channelTo = (kind: "availability" | "booking"): Client =>
    new Client(
      `ipv4:${portsOf(kind)
        .map((port) => `127.0.0.1:${port}`)
        .join(",")}`,
      credentials.createInsecure(),
      options,
    );
  const channels = { availability: channelTo("availability"), booking: channelTo("booking") };
  return {
    channels: Object.values(channels),
    async unary(method, request) {
      const { authorization } = await authorizationOf(admin);
      const deadline = Date.now() + PATIENT_MS;
      return grpcCall(channels[serviceOf(method)], method, request, { deadline }, authorization);
    },
    close: () => Object.values(channels).forEach((channel) => channel.close()),
  };
}

export function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function serviceOf({ parent }: DescMethodUnary): "availability" | "booking" {
  return parent.typeName.startsWith("booking.") ? "booking" : "availability";
}
