/** The availability service as a whole. */

import type { Logger } from "pino";
import { openAuth } from "../../shared/auth/open-auth.ts";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { forgetOldRequestsHourly } from "../../shared/postgres/forget-requests.ts";
import { assertUsable } from "../../shared/postgres/assert-usable.ts";
import { isWritable } from "../../shared/postgres/session.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { serve, serviceEntry } from "../../shared/service/serve.ts";
import { readTls } from "../../shared/rpc/wire/tls.ts";
import type { Running } from "../../shared/service/run-service.ts";
import { createSemaphore } from "../../shared/semaphore.ts";
import { createTurns } from "../../shared/turns.ts";
import type { AvailabilityConfig } from "./config.ts";
import { bookingPeer, type BookingPeer } from "./peers/booking.ts";
import { availabilityAccess, userAccess } from "./rpc/access.ts";
import { availabilityHandlers, userHandlers } from "./rpc/handlers.ts";
import { turnLimits } from "./storage/lock-wait.ts";
import { availabilityMigrations } from "./storage/migrations/all.ts";
import { availabilityTables } from "./storage/tables.ts";

/**
 * Starts the service. Rejects with an Error to show to the operator if a file of the settings cannot be used, if the
 * database is out of reach, is not migrated or has no working advisory locks, or if a port is taken.
 */
export async function startAvailability(
  config: AvailabilityConfig,
  log: Logger,
  between: (booking: BookingPeer) => BookingPeer = (booking) => booking,
): Promise<Running> {
  // Closed the other way round from how it was opened, also if the start fails halfway: first no more calls, then what they use.
  await using opened = new AsyncDisposableStack();
  const auth = await openAuth(config.auth, "availability", "booking", log);
  const tls = await readTls(config.tls);
  const database = await openDatabase({
    ...config.database,
    entities: availabilityTables,
    migrations: availabilityMigrations,
    applicationName: "slotwright-availability",
  });
  opened.defer(() => database.close());
  const { pool } = database;
  await assertUsable(database);

  const transport = peerTransport(config.bookingUrl, { token: auth.peerToken, tls: tls.peer });
  opened.defer(() => transport.close());
  const cleanup = forgetOldRequestsHourly(pool, log);
  opened.defer(() => cleanup.stop());

  const deps = {
    pool,
    turns: createTurns(turnLimits),
    booking: between(bookingPeer(transport)),
    removals: createSemaphore(Math.floor(config.database.poolSize / 2)),
  };
  const served = await serve({
    services: [
      serviceEntry(UserService, userHandlers(deps), userAccess),
      serviceEntry(AvailabilityService, availabilityHandlers(deps), availabilityAccess),
    ],
    grpc: config.grpc,
    connect: config.connect,
    tls: tls.server,
    identify: auth.identify,
    limits: config.limits,
    reflection: config.reflection,
    errorDomain: "availability.v1",
    log,
    isReady: (signal) => isWritable(pool, signal),
  });
  opened.defer(() => served.stop());
  const running = opened.move();
  return { grpcPort: served.grpcPort, connectPort: served.connectPort, stop: () => running.disposeAsync() };
}
