/** The services behind the gateway: one HTTP/2 connection to each. */

import type { DescMethod } from "@bufbuild/protobuf";
import { type PeerTransport, peerTransport } from "../../../shared/rpc/client.ts";
import type { PeerTls } from "../../../shared/rpc/tls.ts";
import type { Contract } from "../contract/contract.ts";

export interface Backends {
  /** The way to the service that answers the method. */
  transportOf(method: DescMethod): PeerTransport;
  close(): void;
}

/** `urls` has the `http://host:port` of each package. Throws an Error if a method of the contract has none. */
export function openBackends(contract: Contract, urls: Readonly<Record<string, string>>, tls: PeerTls): Backends {
  const transports = new Map<string, PeerTransport>();
  for (const method of contract.methods) {
    const name = packageOf(method);
    const url = urls[name];
    if (url === undefined) throw new Error(`no address is known for the package ${name}`);
    if (!transports.has(name)) transports.set(name, peerTransport(url, { tls }));
  }
  return {
    transportOf(method) {
      const transport = transports.get(packageOf(method));
      if (transport === undefined) throw new Error(`${method.name} is not of the contract`);
      return transport;
    },
    close() {
      for (const transport of transports.values()) transport.close();
    },
  };
}

/** Such as `booking.v1`. Its errors have it as their domain. */
export function packageOf(method: DescMethod): string {
  return method.parent.file.proto.package;
}
