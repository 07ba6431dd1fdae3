import type { Clients } from "./clients.ts";
import type { Pair } from "./pair.ts";
import { service } from "./tokens.ts";

/** Clients that may do what an administrator may, and fence hosts, which only Availability may. */
export function fencingClients(pair: Pair): Clients {
  return { ...pair.clients, fence: pair.clientsOf(service("availability")).fence };
}
