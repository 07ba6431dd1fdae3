/** A collector of OpenTelemetry, as far as it takes traces by OTLP over HTTP. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type SentSpan, spansIn } from "./otlp.ts";

export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All spans so far. */
  readonly spans: readonly SentSpan[];
  /** How often anything was sent, metrics too. */
  readonly requests: readonly string[];
  /** The spans of a trace so far. */
  spansOf(traceId: string): readonly SentSpan[];
  close(): Promise<void>;
}

/** `silent`: it takes connections and answers nothing. */
export async function startCollector(manner: "answering" | "silent" = "answering"): Promise<Collector> {
  const spans: SentSpan[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    if (manner === "silent") return;
    void take(request, response);
  });
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    if (request.url === "/v1/traces") spans.push(...spansIn(body));
    response.end();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    spansOf: (id) => spans.filter(({ traceId }) => traceId === id),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
