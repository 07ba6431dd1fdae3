/** A collector of OpenTelemetry, as far as it takes traces by OTLP over HTTP. What else is sent it takes, and throws away. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { type SentSpan, spansIn } from "./otlp.ts";

export interface Receiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  close(): Promise<void>;
}

/** Calls `take` with all that comes, as it comes. `port`: 0 for any that is free. */
export async function receiveTraces(port: number, take: (spans: readonly SentSpan[]) => void): Promise<Receiver> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(request);
    if (request.url === "/v1/traces") take(spansIn(body));
    response.end();
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
