/** The settings of the availability service. */

import { z } from "zod";
import { httpUrl, readConfig, serviceVariables } from "../../shared/config.ts";

export const availabilityVariables = z.object({
  ...serviceVariables({ grpc: 50051, connect: 8081 }),
  BOOKING_URL: httpUrl().default("http://127.0.0.1:8082"),
});

export interface AvailabilityConfig {
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly grpc: { readonly host: string; readonly port: number };
  readonly connect: { readonly host: string; readonly port: number };
  readonly reflection: boolean;
  readonly logLevel: string;
  readonly bookingUrl: string;
}

/** Throws ConfigError that names every wrong variable. */
export function availabilityConfig(environment: Readonly<Record<string, string | undefined>>): AvailabilityConfig {
  const set = readConfig(availabilityVariables, environment);
  return {
    database: { url: set.DATABASE_URL, poolSize: set.DATABASE_POOL_SIZE },
    grpc: { host: set.LISTEN_HOST, port: set.GRPC_PORT },
    connect: { host: set.LISTEN_HOST, port: set.CONNECT_PORT },
    reflection: set.REFLECTION === "on",
    logLevel: set.LOG_LEVEL,
    bookingUrl: set.BOOKING_URL,
  };
}
