/** Ways to call a service of the tests of the wire, by protocol. */

import { ConnectError, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { WireService } from "./service.ts";

export const transports = {
  gRPC: ({ grpcUrl }: WireService) => createGrpcTransport({ baseUrl: grpcUrl }),
  "gRPC-Web, HTTP/1.1": ({ connectUrl }: WireService) =>
    createGrpcWebTransport({ baseUrl: connectUrl, httpVersion: "1.1" }),
  "Connect JSON, HTTP/1.1": ({ connectUrl }: WireService) =>
    createConnectTransport({ baseUrl: connectUrl, httpVersion: "1.1" }),
  "Connect binary, HTTP/2": ({ connectUrl }: WireService) =>
    createConnectTransport({ baseUrl: connectUrl, httpVersion: "2", useBinaryFormat: true }),
} satisfies Readonly<Record<string, (service: WireService) => Transport>>;

/** The error that a stream ends with, undefined if it has none. */
export async function endOf<T>(stream: AsyncIterable<T>, seen: (message: T) => void = () => undefined) {
  try {
    for await (const message of stream) seen(message);
  } catch (error) {
    return ConnectError.from(error);
  }
  return undefined;
}
