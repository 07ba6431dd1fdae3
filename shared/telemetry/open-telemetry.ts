/** OpenTelemetry's SDK, set up from the settings. It is loaded only where it is used. */

import type { Resource } from "@opentelemetry/resources";
import type { IMetricReader } from "@opentelemetry/sdk-metrics";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { measureProcess } from "./process-measures.ts";
import { callTracer } from "./call-tracer.ts";
import { logTroubles } from "./log-troubles.ts";
import { noTelemetry, type Telemetry, type TelemetrySettings } from "./telemetry.ts";

/** The scope of all our spans and instruments. */
const SCOPE = "slotwright";

/** All are of one scope: each sample need not say so. */
const WITHOUT_SCOPE = true;

/** How often metrics are sent to a collector. */
const PUSH_INTERVAL_MS = 30_000;

/**
 * Spans wait in memory for at most a second, or for as many to come together as are sent at once. While a collector is away or slow the
 * queue is full soon, and what comes then is dropped: calls wait for nothing.
 */
const SENDING = {
  scheduledDelayMillis: 1000,
  maxExportBatchSize: 512,
  maxQueueSize: 4096,
  exportTimeoutMillis: 10_000,
};

/** How long a process that ends goes on sending. */
const CLOSE_MAX_MS = 2000;

/** `service` is the name of the process, such as `booking`; `log` gets what goes wrong with a collector. The collector's headers and the like are OTEL_… variables that the SDK reads. */
export async function openTelemetry(service: string, settings: TelemetrySettings, log: Logger): Promise<Telemetry> {
  const { otlpEndpoint, exposesMetrics } = settings;
  if (otlpEndpoint === undefined && !exposesMetrics) return noTelemetry;
  const [resources, { MeterProvider }, { PrometheusExporter, PrometheusSerializer }] = await Promise.all([
    import("@opentelemetry/resources"),
    import("@opentelemetry/sdk-metrics"),
    import("@opentelemetry/exporter-prometheus"),
  ]);
  const own = { "service.name": `slotwright-${service}`, "service.instance.id": randomUUID() };
  // What the operator says in OTEL_RESOURCE_ATTRIBUTES or OTEL_SERVICE_NAME goes before what we call ourselves.
  const detectors = [resources.resourceAttributesEnvDetector, resources.serviceNameEnvDetector];
  const said = resources.detectResources({ detectors });
  const resource = resources.defaultResource().merge(resources.resourceFromAttributes(own)).merge(said);
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, WITHOUT_SCOPE);
  const pushing = otlpEndpoint === undefined ? undefined : await pushTo(otlpEndpoint);
  if (pushing !== undefined) logTroubles(log);
  const readers: IMetricReader[] = [
    ...(exposesMetrics ? [exporter] : []),
    ...(pushing === undefined ? [] : [pushing.metrics]),
  ];
  const meters = new MeterProvider({ resource, readers });
  const stopMeasuring = measureProcess(meters.getMeter(SCOPE));
  const traces = pushing?.traces(resource);
  return {
    tracer: traces === undefined ? undefined : callTracer(traces.getTracer(SCOPE), settings.sampledTraces),
    meter: meters.getMeter(SCOPE),
    exposition: exposesMetrics
      ? async () => serializer.serialize((await exporter.collect()).resourceMetrics)
      : undefined,
    async close() {
      stopMeasuring();
      // A collector that is away, or slow, must not keep a process from ending well.
      const sent = Promise.allSettled([traces?.shutdown(), meters.shutdown()]);
      await Promise.race([sent, pause(CLOSE_MAX_MS, undefined, { ref: false })]);
    },
  };
}

async function pushTo(endpoint: string) {
  const [sdk, { OTLPTraceExporter }, { OTLPMetricExporter }, { PeriodicExportingMetricReader }] = await Promise.all([
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/exporter-trace-otlp-proto"),
    import("@opentelemetry/exporter-metrics-otlp-proto"),
    import("@opentelemetry/sdk-metrics"),
  ]);
  const base = endpoint.replace(/\/$/, "");
  return {
    metrics: new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${base}/v1/metrics` }),
      exportIntervalMillis: PUSH_INTERVAL_MS,
    }),
    traces: (resource: Resource) =>
      new sdk.TracerProvider({
        resource,
        // It gets only what is kept: see call-tracer.ts.
        sampler: new sdk.AlwaysOnSampler(),
        spanProcessors: [
          new sdk.BatchSpanProcessor({
            ...SENDING,
            exporter: new OTLPTraceExporter({ url: `${base}/v1/traces`, timeoutMillis: SENDING.exportTimeoutMillis }),
          }),
        ],
      }),
  };
}
