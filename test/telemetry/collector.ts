/** A collector whose spans a test can read. */

import { receiveTraces } from "../../services/dev/traces/receive.ts";
import type { SentSpan } from "../../services/dev/traces/otlp.ts";

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All spans so far. */
  readonly spans: readonly SentSpan[];
  /** The spans of a trace so far. */
  spansOf(traceId: string): readonly SentSpan[];
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const spans: SentSpan[] = [];
  const { url, close } = await receiveTraces(0, (sent) => spans.push(...sent));
  return { url, close, spans, spansOf: (id) => spans.filter(({ traceId }) => traceId === id) };
}
