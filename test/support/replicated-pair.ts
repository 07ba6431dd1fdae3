/** Two replicas of each service over the same two databases. */

import { fencingClients, type ReplicaClients } from "./fencing-clients.ts";
import { type PairOptions, startPair } from "./pair.ts";

export interface ReplicatedPair {
  /** Clients of one replica of each service, as of `fencingClients`. */
  readonly replicas: readonly [ReplicaClients, ReplicaClients];
  readonly databases: { readonly availability: string; readonly booking: string };
  readonly stop: () => Promise<void>;
}

/** The second Availability fences at the second Booking, so the first one learns of it from the database alone. */
export async function startReplicatedPair(options: Pick<PairOptions, "booking"> = {}): Promise<ReplicatedPair> {
  const first = await startPair(options);
  const databases = { availability: first.availability.databaseUrl, booking: first.booking.databaseUrl };
  const second = await startPair({ ...options, databases });
  return {
    replicas: [fencingClients(first), fencingClients(second)],
    databases,
    // The first pair made the databases, so it goes last.
    stop: async () => {
      await second.stop();
      await first.stop();
    },
  };
}
