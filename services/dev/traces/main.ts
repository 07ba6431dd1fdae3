/**
 * `npm run traces`: a collector that prints each trace when nothing more has come of it for a while. It keeps nothing. It is for
 * trying; what keeps traces and searches them is any collector of OpenTelemetry.
 */

import process from "node:process";
import { branchesOf, titleOf } from "./tree.ts";
import type { SentSpan } from "./otlp.ts";
import { receiveTraces } from "./receive.ts";

/** Where collectors listen for OTLP over HTTP. */
const PORT = 4318;
/** Processes send once a second. */
const QUIET_MS = 2500;
/** What comes of further traces is thrown away: under load nobody reads it. */
const TRACES_MAX = 1000;

const traces = new Map<string, { readonly spans: SentSpan[]; timer: NodeJS.Timeout | undefined }>();

const { url } = await receiveTraces(PORT, (sent) => {
  for (const span of sent) {
    const known = traces.get(span.traceId);
    if (known === undefined && traces.size >= TRACES_MAX) continue;
    const trace = known ?? { spans: [], timer: undefined };
    trace.spans.push(span);
    clearTimeout(trace.timer);
    trace.timer = setTimeout(() => print(span.traceId), QUIET_MS);
    traces.set(span.traceId, trace);
  }
});
process.stdout.write(`takes traces at ${url}\n`);

function print(traceId: string): void {
  const { spans = [] } = traces.get(traceId) ?? {};
  traces.delete(traceId);
  const lines = branchesOf(spans).map(({ span, depth }) => {
    const ms = Number(span.endNanos - span.startNanos) / 1e6;
    const reason = span.attributes["slotwright.reason"];
    return `${ms.toFixed(1).padStart(9)} ms  ${"  ".repeat(depth)}${titleOf(span)}${reason === undefined ? "" : ` (${reason})`}`;
  });
  process.stdout.write(`\ntrace ${traceId}\n${lines.join("\n")}\n`);
}
