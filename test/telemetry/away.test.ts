/** A collector that is away, or slow: callers notice nothing of it, and the operator does. */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { FORM_OF_A_TOKEN } from "../gateway/by-hand.ts";
import { startGatewayOf } from "../gateway/started.ts";
import { answerMessage, startUpstream } from "../gateway/upstream.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import { openTelemetry } from "../../shared/telemetry/open-telemetry.ts";
import { keepLines, type KeptLog } from "../support/kept-log.ts";
import type { Pair } from "../support/pair.ts";
import { waitFor } from "../support/waits.ts";

const WARN = 40;
const TROUBLE = "traces or metrics could not be sent";

function troubles({ lines }: KeptLog): unknown[] {
  return lines.filter(({ msg }) => msg === TROUBLE);
}

test("calls are answered while no collector is there, and the log says so once, without a stack", async () => {
  const upstream = await startUpstream((stream) => answerMessage(stream));
  const kept = keepLines("gateway");
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_TRACES_SAMPLER_ARG: "1",
  };
  const before = { availability: upstream, booking: upstream } as unknown as Pair;
  const gateway = await startGatewayOf(before, environment, kept.log);
  const call = async (): Promise<number> =>
    (await fetch(`${gateway.url}/users/1`, { headers: FORM_OF_A_TOKEN })).status;
  try {
    await waitFor(async () => {
      expect(await call()).toBe(200);
      expect(troubles(kept)).toHaveLength(1);
    });
    expect(troubles(kept)).toMatchObject([{ level: WARN, said: expect.stringContaining("ECONNREFUSED") as string }]);
    expect(JSON.stringify(troubles(kept))).not.toContain("node:");
  } finally {
    await gateway.stop();
    await upstream.stop();
  }
});

test("a collector that takes everything and answers nothing does not keep a process from ending", async () => {
  const asked: (string | undefined)[] = [];
  const silent = createServer((request) => void asked.push(request.url)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const otlpEndpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const settings = { otlpEndpoint, sampledTraces: 1, exposesMetrics: false };
  const telemetry = await openTelemetry("booking", settings, keepLines("booking").log);
  try {
    const call = { name: "a call", transport: "grpc", startedAt: 0, keeping: undefined };
    telemetry.tracer?.begin(call, undefined).recording?.end();
    const begun = performance.now();
    await telemetry.close();
    expect(asked).toContain("/v1/traces");
    // Its answer would have been waited for five seconds.
    expect(performance.now() - begun).toBeLessThan(4500);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
