/** Traces that begin here, because the caller names none. */

import type { IncomingHttpHeaders } from "node:http2";
import { afterEach, expect, test } from "vitest";
import { FORM_OF_A_TOKEN } from "../gateway/by-hand.ts";
import { startGatewayOf } from "../gateway/started.ts";
import { answerMessage, startUpstream } from "../gateway/upstream.ts";
import { keepLines } from "../support/kept-log.ts";
import type { Pair } from "../support/pair.ts";
import { waitFor } from "../support/waits.ts";
import { startCollector } from "./collector.ts";

const own: { (): Promise<void> }[] = [];
afterEach(async () => {
  for (const stop of own.splice(0).toReversed()) await stop();
});

/** Calls a gateway that keeps so many traces, and returns what its service saw and its log has. */
async function callOnce(sampled: string) {
  const collector = await startCollector();
  own.push(() => collector.close());
  const seen: IncomingHttpHeaders[] = [];
  const upstream = await startUpstream((stream, headers) => {
    seen.push(headers);
    answerMessage(stream);
  });
  own.push(() => upstream.stop());
  const kept = keepLines("gateway");
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: sampled };
  const before = { availability: upstream, booking: upstream } as unknown as Pair;
  const gateway = await startGatewayOf(before, environment, kept.log);
  await fetch(`${gateway.url}/users/1`, { headers: FORM_OF_A_TOKEN });
  // Sends what has not been sent.
  await gateway.stop();
  const [line] = await waitFor(() => {
    const lines = kept.lines.filter(({ msg }) => msg === "call");
    expect(lines).toHaveLength(1);
    return lines;
  });
  const { traceparent } = seen[0] ?? {};
  const [, traceId, spanId, flags] = /^00-([\da-f]{32})-([\da-f]{16})-(\d\d)$/.exec(String(traceparent)) ?? [];
  return { traceId, spanId, flags, line, spans: collector.spans };
}

test("one that is kept is sent, and says so to whoever is behind us", async () => {
  const { traceId, spanId, flags, line, spans } = await callOnce("1");
  expect(flags).toBe("01");
  const [server, client] = spans.toSorted((a, b) => a.parentSpanId.localeCompare(b.parentSpanId));
  expect(server).toMatchObject({ traceId, parentSpanId: "" });
  expect(client).toMatchObject({ traceId, parentSpanId: server?.spanId, spanId });
  expect(line).toMatchObject({ trace_id: traceId, span_id: server?.spanId });
});

test("one that is not kept has an id all the same, for the logs of all processes, and whoever is behind us keeps nothing", async () => {
  const { traceId, flags, line, spans } = await callOnce("0");
  expect(flags).toBe("00");
  expect(line).toMatchObject({ trace_id: traceId });
  expect(line).not.toHaveProperty("span_id");
  expect(spans).toEqual([]);
});
