/** The settings of the booking service. */

import { z } from "zod";
import { httpUrl, readConfig, serviceVariables, wholeNumber } from "../../shared/config.ts";
import type { LaneSettings } from "./lanes/lanes.ts";

export const bookingVariables = z.object({
  ...serviceVariables({ grpc: 50052, connect: 8082 }),
  AVAILABILITY_URL: httpUrl().default("http://127.0.0.1:8081"),
  // Each lane keeps one connection and, under load, one core of the database busy.
  LANES: wholeNumber(1, 64).default(4),
  LANE_BATCH_MAX: wholeNumber(1, 1000).default(256),
  LANE_QUEUE_MAX: wholeNumber(1, 100_000).default(4096),
});

export interface BookingConfig {
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly grpc: { readonly host: string; readonly port: number };
  readonly connect: { readonly host: string; readonly port: number };
  readonly reflection: boolean;
  readonly logLevel: string;
  readonly availabilityUrl: string;
  readonly lanes: LaneSettings;
}

/** Throws ConfigError that names every wrong variable. */
export function bookingConfig(environment: Readonly<Record<string, string | undefined>>): BookingConfig {
  const set = readConfig(bookingVariables, environment);
  return {
    database: { url: set.DATABASE_URL, poolSize: set.DATABASE_POOL_SIZE },
    grpc: { host: set.LISTEN_HOST, port: set.GRPC_PORT },
    connect: { host: set.LISTEN_HOST, port: set.CONNECT_PORT },
    reflection: set.REFLECTION === "on",
    logLevel: set.LOG_LEVEL,
    availabilityUrl: set.AVAILABILITY_URL,
    lanes: { lanes: set.LANES, batchMax: set.LANE_BATCH_MAX, queueMax: set.LANE_QUEUE_MAX },
  };
}
