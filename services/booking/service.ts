/** The booking service as a whole. */

import type { Logger } from "pino";
import { openAuth } from "../../shared/auth/open-auth.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { forgetOldRequestsHourly } from "../../shared/postgres/forget-requests.ts";
import { assertUsable } from "../../shared/postgres/assert-usable.ts";
import { read } from "../../shared/postgres/read.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { serve, serviceEntry } from "../../shared/rpc/serve.ts";
import { readTls } from "../../shared/rpc/tls.ts";
import type { WireLimits } from "../../shared/rpc/wire-limits.ts";
import type { Running } from "../../shared/run-service.ts";
import type { BookingConfig } from "./config.ts";
import { openFeed } from "./feed/feed.ts";
import { connectionsOf, openLanes } from "./lanes/lanes.ts";
import { sweepHolds } from "./lanes/sweep.ts";
import { type AvailabilityPeer, availabilityPeer } from "./peers/availability.ts";
import { rememberGuests } from "./peers/guests.ts";
import { rememberSnapshots } from "./peers/snapshots.ts";
import { bookingAccess, fenceAccess } from "./rpc/access.ts";
import { bookingHandlers, fenceHandlers } from "./rpc/handlers.ts";
import { generationOf } from "./storage/fences.ts";
import { openLanePool } from "./storage/lane-pool.ts";
import { bookingMigrations } from "./storage/migrations/all.ts";
import { bookingTables } from "./storage/tables.ts";

/** Places at which a test may hold a call up, to force an order of events. Production sets none. */
export interface BookingHooks {
  /** Stands between this service and the calls to its peer. */
  readonly peer: (peer: AvailabilityPeer) => AvailabilityPeer;
  /** In place of the constants, for a test that cannot wait so long. */
  readonly wire: WireLimits;
}

/** Starts the service. Throws an Error to show to the operator if it cannot. */
export async function startBooking(
  config: BookingConfig,
  log: Logger,
  hooks: Partial<BookingHooks> = {},
): Promise<Running> {
  const closers: (() => Promise<unknown> | void)[] = [];
  // From the outside in, which is the other way round from how it was opened: first no more calls, then what they use.
  const stop = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    const auth = await openAuth(config.auth, "booking", "availability", log);
    const tls = await readTls(config.tls);
    const database = await openDatabase({
      url: config.database.url,
      poolSize: config.database.poolSize,
      entities: bookingTables,
      migrations: bookingMigrations,
      applicationName: "slotwright-booking",
    });
    closers.push(() => database.close());
    const { pool } = database;
    await assertUsable(database);

    const transport = peerTransport(config.availabilityUrl, { token: auth.peerToken, tls: tls.peer });
    closers.push(() => transport.close());
    const peer = (hooks.peer ?? unchanged)(availabilityPeer(transport));
    const feed = openFeed({ pool, url: config.database.url, log });
    closers.push(() => feed.close());
    const lanePool = openLanePool(config.database.url, connectionsOf(config.lanes), log);
    closers.push(() => lanePool.end());
    const lanes = openLanes({ pool: lanePool, log, settings: config.lanes, onCommitted: feed.changed });
    closers.push(() => lanes.idle());
    const sweeping = new AbortController();
    const swept = sweepHolds(pool, lanes, log, sweeping.signal);
    closers.push(() => (sweeping.abort(), swept));
    const cleanup = forgetOldRequestsHourly(pool, log);
    closers.push(() => cleanup.stop());

    const deps = {
      pool,
      lanes,
      feed,
      snapshots: rememberSnapshots(peer, (hostId) => generationOf(pool, hostId)),
      guests: rememberGuests(peer),
    };
    const served = await serve({
      services: [
        serviceEntry(BookingService, bookingHandlers(deps), bookingAccess),
        serviceEntry(FenceService, fenceHandlers(deps), fenceAccess),
      ],
      grpc: config.grpc,
      connect: config.connect,
      tls: tls.server,
      identify: auth.identify,
      limits: config.limits,
      wire: hooks.wire,
      reflection: config.reflection,
      errorDomain: "booking.v1",
      log,
      isReady: async (signal) => (await read(pool, { text: "select 1" }, signal)).length === 1,
    });
    closers.push(() => served.stop());
    return { grpcPort: served.grpcPort, connectPort: served.connectPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function unchanged(peer: AvailabilityPeer): AvailabilityPeer {
  return peer;
}
