/** The services behind the gateway: for each one connection for unary calls, and others for streams. */

import type { Meter } from "@opentelemetry/api";
import type { DescMethod } from "@bufbuild/protobuf";
import { type PeerTransport, peerTransport } from "../../../shared/rpc/client.ts";
import type { PeerTls } from "../../../shared/rpc/wire/tls.ts";
import type { Contract } from "../contract/contract.ts";
import { openStreamConnections, type StreamConnections, type StreamPlace } from "./stream-connections.ts";

export interface Backends {
  /** The way to the service that answers a unary method. */
  transportOf(method: DescMethod): PeerTransport;
  /** A place for a stream to the service that answers the method. Throws HttpError 503 if it has none. */
  streamPlace(method: DescMethod): StreamPlace;
  close(): void;
}

export interface BackendOptions {
  readonly tls: PeerTls;
  readonly meter?: Meter;
  /** How many streams may be open to each service. */
  readonly streamsMax: number;
}

interface Backend {
  readonly unary: PeerTransport;
  readonly streams: StreamConnections;
}

/** `urls` has the `http://host:port` of each package. Throws an Error if a method of the contract has none. */
export function openBackends(
  contract: Contract,
  urls: Readonly<Record<string, string>>,
  { tls, streamsMax, meter }: BackendOptions,
): Backends {
  const backends = new Map<string, Backend>();
  for (const method of contract.methods) {
    const name = packageOf(method);
    const url = urls[name];
    if (url === undefined) throw new Error(`no address is known for the package ${name}`);
    if (backends.has(name)) continue;
    const open = (): PeerTransport => peerTransport(url, { tls, ...(meter === undefined ? {} : { meter }) });
    backends.set(name, { unary: open(), streams: openStreamConnections(open, streamsMax) });
  }
  const backendOf = (method: DescMethod): Backend => {
    const backend = backends.get(packageOf(method));
    if (backend === undefined) throw new Error(`${method.name} is not of the contract`);
    return backend;
  };
  return {
    transportOf: (method) => backendOf(method).unary,
    streamPlace: (method) => backendOf(method).streams.take(),
    close() {
      for (const { unary, streams } of backends.values()) {
        unary.close();
        streams.close();
      }
    },
  };
}

/** Such as `booking.v1`. Its errors have it as their domain. */
export function packageOf(method: DescMethod): string {
  return method.parent.file.proto.package;
}
