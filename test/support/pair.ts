/** Both services in this process, each on a database of its own and on ports that are free. */

import { pino } from "pino";
import { availabilityConfig } from "../../services/availability/config.ts";
import { startAvailability } from "../../services/availability/service.ts";
import { bookingConfig } from "../../services/booking/config.ts";
import { startBooking } from "../../services/booking/service.ts";
import { freePort } from "../../services/dev/ports.ts";
import type { Running } from "../../shared/run-service.ts";
import { connectClients } from "./clients.ts";
import type { Clients } from "./clients.ts";
import { createDatabase } from "./postgres.ts";
import type { TestDatabase } from "./postgres.ts";

/** One service that runs. */
export interface Served {
  readonly databaseUrl: string;
  /** `host:port` for gRPC clients. */
  readonly grpcAddress: string;
  /** `http://host:port` for Connect clients, and for curl. */
  readonly connectUrl: string;
  readonly stop: () => Promise<void>;
}

export interface Pair {
  readonly availability: Served;
  readonly booking: Served;
  /** Connect clients of both. */
  readonly clients: Clients;
  /** Stops both services and deletes the databases that were made for them. */
  readonly stop: () => Promise<void>;
}

export interface PairOptions {
  /** Databases to use instead of new ones, for a second pair of replicas. They are not deleted by `stop`. */
  readonly databases?: { readonly availability: string; readonly booking: string };
  /** More variables of the environment, as each service's `config.ts` reads them. */
  readonly availability?: Readonly<Record<string, string>>;
  readonly booking?: Readonly<Record<string, string>>;
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
  const availability = await startAvailabilityService(databases.availability, {
    BOOKING_URL: `http://127.0.0.1:${bookingPort}`,
    ...options.availability,
  });
  const booking = await startBookingService(databases.booking, {
    CONNECT_PORT: String(bookingPort),
    AVAILABILITY_URL: availability.connectUrl,
    ...options.booking,
  });
  return {
    availability,
    booking,
    clients: connectClients(availability.connectUrl, booking.connectUrl),
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
): Promise<Served> {
  const config = availabilityConfig({ ...variables(databaseUrl), ...environment });
  return served(databaseUrl, await startAvailability(config, pino({ level: config.logLevel })));
}

/** Starts one Booking on a migrated database. `environment` holds more variables, as its `config.ts` reads them. */
export async function startBookingService(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Served> {
  const config = bookingConfig({ ...variables(databaseUrl), ...environment });
  return served(databaseUrl, await startBooking(config, pino({ level: config.logLevel })));
}

function variables(databaseUrl: string): Record<string, string> {
  return { DATABASE_URL: databaseUrl, GRPC_PORT: "0", CONNECT_PORT: "0", LOG_LEVEL: "silent" };
}

function served(databaseUrl: string, running: Running): Served {
  return {
    databaseUrl,
    grpcAddress: `127.0.0.1:${running.grpcPort}`,
    connectUrl: `http://127.0.0.1:${running.connectPort}`,
    stop: () => running.stop(),
  };
}
