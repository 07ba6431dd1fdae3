/** The settings of the booking service. */

import { z } from "zod";
import { REQUEST_MEMORY_DAYS } from "../../shared/limits.ts";
import { httpUrl, readConfig, wholeNumber } from "../../shared/service/config.ts";
import { serviceVariables } from "../../shared/service/variables.ts";
import { refuseUnsafe, serviceConfig, type ServiceConfig } from "../../shared/service/service-config.ts";
import type { HoldLimits } from "./domain/command.ts";
import type { LaneSettings } from "./lanes/lanes.ts";

export const bookingVariables = z.object({
  ...serviceVariables({ grpc: 50052, connect: 8082 }),
  AVAILABILITY_URL: httpUrl().default("http://127.0.0.1:8081"),
  // Each lane keeps one connection and, under load, one core of the database busy. Two: while one waits for the disk, the
  // other works. More make more and smaller batches, which cost more CPU in all; machines with many cores may want them.
  LANES: wholeNumber(1, 64).default(2),
  LANE_BATCH_MAX: wholeNumber(1, 1000).default(256),
  LANE_QUEUE_MAX: wholeNumber(1, 100_000).default(4096),
  // How many days a feed reaches back; unset: to its beginning. Longer than requests are remembered, which are answered from it.
  EVENTS_KEPT_DAYS: wholeNumber(REQUEST_MEMORY_DAYS + 1, 36_500).optional(),
  // Active holds of one guest. A guest holds time while it decides or pays: for one or a few bookings, not for a calendar.
  HOLDS_PER_GUEST_AND_HOST_MAX: wholeNumber(1, 10_000).default(5),
  HOLDS_PER_GUEST_MAX: wholeNumber(1, 10_000).default(20),
});

export interface BookingConfig extends ServiceConfig {
  readonly availabilityUrl: string;
  readonly lanes: LaneSettings;
  readonly holdLimits: HoldLimits;
  readonly eventsKeptDays: number | undefined;
}

/** Throws ConfigError that names every wrong variable. */
export function bookingConfig(environment: Readonly<Record<string, string | undefined>>): BookingConfig {
  const set = readConfig(bookingVariables.superRefine(refuseUnsafe("AVAILABILITY_URL")), environment);
  return {
    ...serviceConfig(set),
    availabilityUrl: set.AVAILABILITY_URL,
    lanes: { lanes: set.LANES, batchMax: set.LANE_BATCH_MAX, queueMax: set.LANE_QUEUE_MAX },
    eventsKeptDays: set.EVENTS_KEPT_DAYS,
    holdLimits: { perGuestAndHost: set.HOLDS_PER_GUEST_AND_HOST_MAX, perGuest: set.HOLDS_PER_GUEST_MAX },
  };
}
