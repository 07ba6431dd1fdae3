import type { Clients } from "./clients.ts";
import type { Pair } from "./pair.ts";
import { service } from "./tokens.ts";

/** Clients that may do what an administrator may, and what only the services may: fence hosts, and read snapshots. */
export interface ReplicaClients extends Clients {
  /** With the token of the booking service. */
  readonly snapshots: Clients["availability"];
}

export function fencingClients(pair: Pair): ReplicaClients {
  const { fence } = pair.clientsOf(service("availability"));
  return { ...pair.clients, fence, snapshots: pair.clientsOf(service("booking")).availability };
}
