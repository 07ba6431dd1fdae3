/** Several replicas of Availability over one database, with no server at Booking's address. */

import type { Pool } from "pg";
import { type Clients, connectClients } from "./clients.ts";
import { startAvailabilityService } from "./pair.ts";
import { poolOf } from "./pool.ts";
import { createDatabase } from "./postgres.ts";
import { admin, service, tokenSource } from "./tokens.ts";

/** A port without a server: calls to it fail at once. */
const NOBODY = "http://127.0.0.1:1";

export interface Replicas {
  /** Clients of one replica each. */
  readonly clients: readonly Pick<Clients, "users" | "availability">[];
  /** A client of the first replica, with the token of Booking, which alone may ask for snapshots. */
  readonly asBooking: Clients["availability"];
  /** The database, around the services. */
  readonly pool: Pool;
  readonly databaseUrl: string;
  stop(): Promise<void>;
}

/** Starts `count` replicas. `prepare` may change the database before they do. */
export async function startReplicas(
  count: number,
  prepare: (pool: Pool) => Promise<void> = async () => undefined,
): Promise<Replicas> {
  const database = await createDatabase("availability");
  const pool = poolOf(database.url);
  // The end of a pool does not wait for its sockets, so the database may be dropped under one of them.
  pool.on("connect", (client) => client.on("error", () => undefined));
  await prepare(pool);
  const environment = { BOOKING_URL: NOBODY, DATABASE_POOL_SIZE: "20" };
  const served = await Promise.all(
    Array.from({ length: count }, () => startAvailabilityService(database.url, environment)),
  );
  const firstUrl = served[0]?.connectUrl ?? NOBODY;
  return {
    asBooking: connectClients(firstUrl, NOBODY, tokenSource(service("booking"))).availability,
    clients: served.map(({ connectUrl }) => connectClients(connectUrl, NOBODY, tokenSource(admin))),
    pool,
    databaseUrl: database.url,
    async stop() {
      await Promise.all(served.map((each) => each.stop()));
      await pool.end();
      await database.drop();
    },
  };
}
