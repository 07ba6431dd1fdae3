/** The availability service as a whole. */

import type { Logger } from "pino";
import type { TokenUser } from "../../shared/auth/identify.ts";
import { openAuth } from "../../shared/auth/open-auth.ts";
import { unlessGone } from "../../shared/caller.ts";
import { gather } from "../../shared/gather.ts";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { forgetOldRequestsHourly } from "../../shared/postgres/forget-requests.ts";
import { assertUsable } from "../../shared/postgres/assert-usable.ts";
import { measurePool } from "../../shared/postgres/pool-measures.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { openTelemetry } from "../../shared/telemetry/open-telemetry.ts";
import { serviceEntry } from "../../shared/service/serve.ts";
import { serveService } from "../../shared/service/serve-service.ts";
import { readTls } from "../../shared/rpc/wire/tls.ts";
import type { Running } from "../../shared/service/run-service.ts";
import { createSemaphore } from "../../shared/semaphore.ts";
import { createTurns } from "../../shared/turns.ts";
import type { AvailabilityConfig } from "./config.ts";
import { bookingPeer, type BookingPeer } from "./peers/booking.ts";
import { availabilityAccess, userAccess } from "./rpc/access.ts";
import { availabilityHandlers, userHandlers } from "./rpc/handlers.ts";
import { tellPeriodically } from "./scheduling/tell-booking.ts";
import { measureLockWaits } from "./storage/measures.ts";
import { turnLimits } from "./storage/lock-wait.ts";
import { availabilityMigrations } from "./storage/migrations/all.ts";
import { findSubjects, type SubjectUser } from "./storage/subjects.ts";
import { availabilityTables } from "./storage/tables.ts";

/** Subjects of tokens that one query looks up for callers who come at the same time. */
const GATHERED_MAX = 500;

/** Places at which a test may hold a call up, to force an order of events. Production sets none. */
export interface AvailabilityHooks {
  /** Stands between this service and the calls to its peer. */
  readonly peer: (peer: BookingPeer) => BookingPeer;
}

/**
 * Starts the service. Rejects with an Error to show to the operator if a file of the settings cannot be used, if the
 * database is out of reach, is not migrated or has no working advisory locks, or if a port is taken.
 */
export async function startAvailability(
  config: AvailabilityConfig,
  log: Logger,
  hooks: Partial<AvailabilityHooks> = {},
): Promise<Running> {
  // Closed the other way round from how it was opened, also if the start fails halfway: first no more calls, then what they use.
  await using opened = new AsyncDisposableStack();
  const telemetry = await openTelemetry("availability", config.telemetry, log);
  opened.defer(() => telemetry.close());
  const { meter } = telemetry;
  const auth = await openAuth(config.auth, "availability", "booking", log);
  opened.defer(() => auth.close());
  const tls = await readTls(config.tls);
  const database = await openDatabase({
    ...config.database,
    entities: availabilityTables,
    migrations: availabilityMigrations,
    applicationName: "slotwright-availability",
  });
  opened.defer(() => database.close());
  const { orm, pool } = database;
  measurePool(meter, "database", pool);
  await assertUsable(database);

  const transport = peerTransport(config.bookingUrl, { token: auth.peerToken, tls: tls.peer, meter });
  opened.defer(() => transport.close());
  const cleanup = forgetOldRequestsHourly(pool, log);
  opened.defer(() => cleanup.stop());

  const booking = (hooks.peer ?? unchanged)(bookingPeer(transport));
  const teller = tellPeriodically({ orm, pool, booking }, log, meter);
  opened.defer(() => teller.stop());

  const findSubject = gather((subjects: readonly string[]) => findSubjects(pool, subjects), GATHERED_MAX);
  const deps = {
    orm,
    pool,
    findSubject,
    turns: createTurns(turnLimits),
    locked: measureLockWaits(meter),
    booking,
    removals: createSemaphore(Math.floor(config.database.poolSize / 2)),
  };
  const services = [
    serviceEntry(UserService, userHandlers(deps), userAccess),
    serviceEntry(AvailabilityService, availabilityHandlers(deps), availabilityAccess),
  ];
  return await serveService(opened, config, {
    services,
    auth,
    findTokenUser: async ({ subject }, caller) => tokenUser(await unlessGone(findSubject(subject), caller)),
    tls,
    pool,
    errorDomain: "availability.v1",
    log,
    telemetry,
  });
}

/** Nothing is remembered of users here: a change of one counts from the next call on. */
function tokenUser(user: SubjectUser | undefined): TokenUser | undefined {
  return user && { id: user.id, role: user.role, isErased: user.state === "ERASED" };
}

function unchanged(peer: BookingPeer): BookingPeer {
  return peer;
}
