/**
 * What a process tells of itself while it runs, by the terms of OpenTelemetry: spans and metrics. Code is given what it needs
 * as an argument and makes its own instruments from the meter; nothing is registered globally, because tests run several services
 * in one process.
 */

import { createNoopMeter, type Meter } from "@opentelemetry/api";
import type { CallTracer } from "./call-tracer.ts";

export interface Telemetry {
  /** Undefined while no traces are made: then code makes no spans at all. */
  readonly tracer: CallTracer | undefined;
  /** Makes instruments. While no metrics are collected, these do nothing. */
  readonly meter: Meter;
  /** All metrics in Prometheus' text format, as they are now; undefined while none are collected. */
  readonly exposition: (() => Promise<string>) | undefined;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

export interface TelemetrySettings {
  /** The base URL of an OTLP collector (`http://host:4318`), to which traces and metrics are sent; undefined: to nobody. */
  readonly otlpEndpoint: string | undefined;
  /** How many of the traces that begin here are kept, from 0 to 1. A caller that sends `traceparent` decides for its own. */
  readonly sampledTraces: number;
  /** Whether metrics are to be read at the operations port. */
  readonly exposesMetrics: boolean;
}

/** Nothing is told, and it costs nothing. */
export const noTelemetry: Telemetry = {
  tracer: undefined,
  meter: createNoopMeter(),
  exposition: undefined,
  async close() {},
};
