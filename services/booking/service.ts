/** The booking service as a whole. */

import type { Logger } from "pino";
import { openAuth } from "../../shared/auth/open-auth.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import { gather } from "../../shared/gather.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { periodically } from "../../shared/periodically.ts";
import { forgetOldRequestsHourly } from "../../shared/postgres/forget-requests.ts";
import { assertUsable } from "../../shared/postgres/assert-usable.ts";
import { measurePool } from "../../shared/postgres/pool-measures.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { openTelemetry } from "../../shared/telemetry/open-telemetry.ts";
import { serviceEntry } from "../../shared/service/serve.ts";
import { serveService } from "../../shared/service/serve-service.ts";
import { readTls } from "../../shared/rpc/wire/tls.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import type { Running } from "../../shared/service/run-service.ts";
import type { BookingConfig } from "./config.ts";
import { type FeedTimes, openFeed } from "./feed/feed.ts";
import { announceUser } from "./feed/notify.ts";
import { connectionsOf, openLanes } from "./lanes/lanes.ts";
import { sweepHolds } from "./lanes/sweep.ts";
import { type AvailabilityPeer, availabilityPeer } from "./peers/availability.ts";
import { rememberIdentities } from "./peers/identities.ts";
import { rememberGuests } from "./peers/guests.ts";
import { rememberCalendars } from "./peers/calendars.ts";
import { bookingAccess, fenceAccess } from "./rpc/access.ts";
import { bookingHandlers, fenceHandlers } from "./rpc/handlers.ts";
import { forgetOldEvents } from "./storage/forget-events.ts";
import { generationsOf } from "./storage/hosts.ts";
import { openLanePool } from "./storage/lane-pool.ts";
import { bookingMigrations } from "./storage/migrations/all.ts";
import { findPerson } from "./storage/people.ts";
import { findRequests, type RequestName } from "./storage/requests.ts";
import { bookingTables } from "./storage/tables.ts";
import { isErased } from "./storage/users.ts";

/** Rows that one query looks up for callers who ask at the same time. */
const GATHERED_MAX = 500;

/** Places at which a test may hold a call up, to force an order of events. Production sets none. */
export interface BookingHooks {
  /** Stands between this service and the calls to its peer. */
  readonly peer: (peer: AvailabilityPeer) => AvailabilityPeer;
  /** In place of the feed's own, for a test that cannot wait so long, or must not see one thing done by another. */
  readonly feedTimes: Partial<FeedTimes>;
}

/** Starts the service. Throws an Error to show to the operator if it cannot. */
export async function startBooking(
  config: BookingConfig,
  log: Logger,
  hooks: Partial<BookingHooks> = {},
): Promise<Running> {
  // Closed the other way round from how it was opened, also if the start fails halfway: first no more calls, then what they use.
  await using opened = new AsyncDisposableStack();
  const telemetry = await openTelemetry("booking", config.telemetry, log);
  opened.defer(() => telemetry.close());
  const { meter } = telemetry;
  const auth = await openAuth(config.auth, "booking", "availability", log);
  opened.defer(() => auth.close());
  const tls = await readTls(config.tls);
  const database = await openDatabase({
    url: config.database.url,
    poolSize: config.database.poolSize,
    entities: bookingTables,
    migrations: bookingMigrations,
    applicationName: "slotwright-booking",
  });
  opened.defer(() => database.close());
  const { pool } = database;
  measurePool(meter, "reads", pool);
  await assertUsable(database);

  const transport = peerTransport(config.availabilityUrl, { token: auth.peerToken, tls: tls.peer, meter });
  opened.defer(() => transport.close());
  const peer = (hooks.peer ?? unchanged)(availabilityPeer(transport));
  const identities = rememberIdentities({
    peer,
    findHere: (claims, caller) => findPerson(pool, claims, caller),
    isErasedHere: (userId, caller) => isErased(pool, userId, caller),
    log,
  });
  const guests = rememberGuests(peer);
  const users = {
    forget: identities.forget,
    doubtAll: () => (identities.doubtAll(), guests.forgetAll()),
  };
  const feed = openFeed({ pool, url: config.database.url, log, users, times: hooks.feedTimes, meter });
  opened.defer(() => feed.close());
  const lanePool = openLanePool(config.database.url, connectionsOf(config.lanes), log);
  opened.defer(() => lanePool.end());
  measurePool(meter, "lanes", lanePool);
  const lanes = openLanes({
    pool: lanePool,
    log,
    settings: config.lanes,
    holdLimits: config.holdLimits,
    onCommitted: feed.changed,
    meter,
  });
  opened.defer(() => lanes.idle());
  const sweeping = new AbortController();
  const swept = sweepHolds(pool, lanes, log, sweeping.signal);
  opened.defer(() => (sweeping.abort(), swept));
  const cleanup = forgetOldRequestsHourly(pool, log);
  opened.defer(() => cleanup.stop());
  const { eventsKeptDays } = config;
  if (eventsKeptDays !== undefined) {
    const forget = (signal: AbortSignal): Promise<number> => forgetOldEvents(pool, eventsKeptDays, signal);
    const forgetting = periodically("forget old events", HOUR_MS, forget, log);
    opened.defer(() => forgetting.stop());
  }

  const deps = {
    pool,
    lanes,
    feed,
    findRequest: gather((names: readonly RequestName[]) => findRequests(pool, names), GATHERED_MAX),
    calendars: rememberCalendars(
      peer,
      gather((hostIds: readonly string[]) => generationsOf(pool, hostIds), GATHERED_MAX),
      meter,
    ),
    guests,
    async forgetUser(userId: string): Promise<void> {
      identities.forget(userId);
      await announceUser(pool, userId);
    },
  };
  const services = [
    serviceEntry(BookingService, bookingHandlers(deps), bookingAccess),
    serviceEntry(FenceService, fenceHandlers(deps), fenceAccess),
  ];
  return await serveService(opened, config, {
    services,
    auth,
    findTokenUser: identities.find,
    tls,
    pool,
    errorDomain: "booking.v1",
    log,
    telemetry,
  });
}

function unchanged(peer: AvailabilityPeer): AvailabilityPeer {
  return peer;
}
