/** The settings of the availability service. */

import { z } from "zod";
import { httpUrl, readConfig } from "../../shared/service/config.ts";
import { serviceVariables } from "../../shared/service/variables.ts";
import { refuseUnsafe, serviceConfig, type ServiceConfig } from "../../shared/service/service-config.ts";

export const availabilityVariables = z.object({
  ...serviceVariables({ grpc: 50051, connect: 8081 }),
  BOOKING_URL: httpUrl().default("http://127.0.0.1:8082"),
});

export interface AvailabilityConfig extends ServiceConfig {
  readonly bookingUrl: string;
}

/** Throws ConfigError that names every wrong variable. */
export function availabilityConfig(environment: Readonly<Record<string, string | undefined>>): AvailabilityConfig {
  const set = readConfig(availabilityVariables.superRefine(refuseUnsafe("BOOKING_URL")), environment);
  return {
    ...serviceConfig(set),
    bookingUrl: set.BOOKING_URL,
  };
}
