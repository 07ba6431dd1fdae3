/** The protocols by which a service can be called, so that a test can say the same through each of them. */

import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { ServiceError } from "@grpc/grpc-js";
import { bearer } from "../../shared/rpc/client.ts";
import { answered, type Ending, endingOfConnect, endingOfGrpc } from "./endings.ts";
import { grpcCall, grpcChannel } from "./grpc.ts";
import type { Served } from "./pair.ts";

/** One call. It never rejects: a refusal is an ending like any other. */
export type Door = <I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
) => Promise<Ending>;

export const doorNames = ["grpc-js", "Connect JSON", "Connect binary", "gRPC-Web"] as const;

export interface Doors {
  readonly through: Readonly<Record<(typeof doorNames)[number], Door>>;
  close(): void;
}

/** All doors of one service, for the holder of the token. Close them when done. */
export function openDoors(service: Pick<Served, "grpcAddress" | "connectUrl">, token: string): Doors {
  const channel = grpcChannel(service.grpcAddress);
  const baseUrl = service.connectUrl;
  const interceptors = [bearer(async () => token)];
  const http1 = { baseUrl, httpVersion: "1.1", interceptors } as const;
  const http2 = { baseUrl, httpVersion: "2", interceptors } as const;
  return {
    through: {
      "grpc-js": (method, request) =>
        grpcCall(channel, method, request, {}, `Bearer ${token}`).then(answered, (error: ServiceError) =>
          endingOfGrpc(error),
        ),
      "Connect JSON": doorOf(createConnectTransport({ ...http1, useBinaryFormat: false })),
      "Connect binary": doorOf(createConnectTransport({ ...http2, useBinaryFormat: true })),
      "gRPC-Web": doorOf(createGrpcWebTransport(http1)),
    },
    close: () => channel.close(),
  };
}

function doorOf(transport: Transport): Door {
  return (method, request) =>
    transport
      .unary(method, undefined, undefined, undefined, request)
      .then(({ message }) => answered(message), endingOfConnect);
}
