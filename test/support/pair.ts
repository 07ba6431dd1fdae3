/** Both services in this process, each on a database of its own and on ports that are free. */

import { availabilityConfig } from "../../services/availability/config.ts";
import { type AvailabilityHooks, startAvailability } from "../../services/availability/service.ts";
import { bookingConfig } from "../../services/booking/config.ts";
import { type BookingHooks, startBooking } from "../../services/booking/service.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import type { Logger } from "pino";
import type { Running } from "../../shared/service/run-service.ts";
import { type Clients, connectClients } from "./clients.ts";
import { testLog } from "./logs.ts";
import { createDatabase, type TestDatabase } from "./postgres.ts";
import { admin, authVariables, type Person, tokenSource } from "./tokens.ts";

/** One service that runs. */
export interface Served {
  readonly databaseUrl: string;
  /** `host:port` for gRPC clients. */
  readonly grpcAddress: string;
  /** `http://host:port` for Connect clients, and for curl. */
  readonly connectUrl: string;
  /** `http://host:port` of the operations port; of nothing unless OPERATIONS_PORT is set. */
  readonly operationsUrl: string;
  readonly stop: () => Promise<void>;
}

export interface Pair {
  readonly availability: Served;
  readonly booking: Served;
  /** Connect clients of both, with the token of an administrator. */
  readonly clients: Clients;
  /** The same with another person's token. */
  readonly clientsOf: (person: Person) => Clients;
  /** Stops both services and deletes the databases that were made for them. */
  readonly stop: () => Promise<void>;
}

export interface PairOptions {
  /** Databases to use instead of new ones, for a second pair of replicas. They are not deleted by `stop`. */
  readonly databases?: { readonly availability: string; readonly booking: string };
  /** More variables of the environment, as each service's `config.ts` reads them. */
  readonly availability?: Readonly<Record<string, string>>;
  readonly booking?: Readonly<Record<string, string>>;
  /** In place of `testLog`. */
  readonly logs?: { readonly availability?: Logger; readonly booking?: Logger };
  /** What stands between each service and its calls to the other: see `BookingHooks`, and `between` of `startAvailability`. */
  readonly hooks?: { readonly availability?: Partial<AvailabilityHooks>; readonly booking?: Partial<BookingHooks> };
}

/** Starts a pair. Each service knows the other's address from the start, as in production. */
export async function startPair(options: PairOptions = {}): Promise<Pair> {
  const made: TestDatabase[] = [];
  const databaseOf = async (service: "availability" | "booking"): Promise<string> => {
    const given = options.databases?.[service];
    if (given !== undefined) return given;
    const database = await createDatabase(service);
    made.push(database);
    return database.url;
  };
  const databases = { availability: await databaseOf("availability"), booking: await databaseOf("booking") };
  // Each needs the other's address, so one port must be known before its service listens.
  const bookingPort = await freePort();
  const availability = await startAvailabilityService(
    databases.availability,
    { BOOKING_URL: `http://127.0.0.1:${bookingPort}`, ...options.availability },
    options.hooks?.availability,
    options.logs?.availability,
  );
  const booking = await startBookingService(
    databases.booking,
    { CONNECT_PORT: String(bookingPort), AVAILABILITY_URL: availability.connectUrl, ...options.booking },
    options.hooks?.booking,
    options.logs?.booking,
  );
  const clientsOf = (person: Person): Clients =>
    connectClients(availability.connectUrl, booking.connectUrl, tokenSource(person));
  return {
    availability,
    booking,
    clients: clientsOf(admin),
    clientsOf,
    stop: async () => {
      await Promise.all([booking.stop(), availability.stop()]);
      await Promise.all(made.map((database) => database.drop()));
    },
  };
}

/** Starts one Availability on a migrated database. `environment` holds more variables, as its `config.ts` reads them. */
export async function startAvailabilityService(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
  hooks?: Partial<AvailabilityHooks>,
  log: Logger = testLog("availability"),
): Promise<Served> {
  const config = availabilityConfig({ ...(await variables("availability", databaseUrl)), ...environment });
  return served(databaseUrl, await startAvailability(config, log, hooks));
}

/** Starts one Booking on a migrated database. `environment` holds more variables, as its `config.ts` reads them. */
export async function startBookingService(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
  hooks?: Partial<BookingHooks>,
  log: Logger = testLog("booking"),
): Promise<Served> {
  const config = bookingConfig({ ...(await variables("booking", databaseUrl)), ...environment });
  return served(databaseUrl, await startBooking(config, log, hooks));
}

/** Most tests are one administrator who does a great deal at once. */
export const unlimited = {
  RATE_LIMIT_READS_PER_SECOND: "0",
  RATE_LIMIT_WRITES_PER_SECOND: "0",
  RATE_LIMIT_STREAM_STARTS_PER_SECOND: "0",
  OPEN_STREAMS_PER_SUBJECT: "0",
  HOLDS_PER_GUEST_AND_HOST_MAX: "10000",
  HOLDS_PER_GUEST_MAX: "10000",
};

/** What a service needs to run in a test. */
export async function variables(
  service: "availability" | "booking",
  databaseUrl: string,
): Promise<Record<string, string>> {
  const own = { DATABASE_URL: databaseUrl, GRPC_PORT: "0", CONNECT_PORT: "0" };
  return { ...(await authVariables(service)), ...unlimited, ...own };
}

function served(databaseUrl: string, running: Running): Served {
  let stopped: Promise<void> | undefined;
  return {
    databaseUrl,
    grpcAddress: `127.0.0.1:${running.grpcPort}`,
    connectUrl: `http://127.0.0.1:${running.connectPort}`,
    operationsUrl: `http://127.0.0.1:${running.operationsPort ?? 1}`,
    // A test that takes one service away leaves the pair to be stopped as usual.
    stop: () => (stopped ??= running.stop()),
  };
}
