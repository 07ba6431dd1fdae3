/** The settings that every process has, the gateway too, from their variables (`processVariables`). */

import type { z } from "zod";
import type { Address } from "../rpc/wire/listen.ts";
import type { TelemetrySettings } from "../telemetry/telemetry.ts";
import { SECOND_MS } from "../time-units.ts";
import type { processVariables } from "./variables.ts";

export interface ProcessConfig {
  readonly logLevel: string;
  /** How much of the calls that ended well has a line in the log, from 0 to 1. */
  readonly loggedSuccesses: number;
  /** Where /livez, /readyz and /metrics are; undefined: nowhere. */
  readonly operations: Address | undefined;
  /** How long a process that is told to end goes on taking connections. */
  readonly drainPauseMs: number;
  readonly telemetry: TelemetrySettings;
}

export function processConfig(set: z.output<z.ZodObject<typeof processVariables>>): ProcessConfig {
  const { LISTEN_HOST: host, OPERATIONS_PORT: port } = set;
  return {
    logLevel: set.LOG_LEVEL,
    loggedSuccesses: set.LOG_SUCCESSES,
    operations: port === undefined ? undefined : { host, port },
    drainPauseMs: set.DRAIN_PAUSE_SECONDS * SECOND_MS,
    telemetry: {
      otlpEndpoint: set.OTEL_EXPORTER_OTLP_ENDPOINT,
      sampledTraces: set.OTEL_TRACES_SAMPLER_ARG,
      exposesMetrics: port !== undefined,
    },
  };
}
