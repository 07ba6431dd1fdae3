/**
 * The port for those who run the process, not for callers: plain HTTP, without tokens, to be reached from inside only. `/livez`:
 * the process runs (200). `/readyz`: whether calls are worth sending here (200 or 503). `/metrics`: Prometheus' text format.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { type Address, listen } from "../rpc/wire/listen.ts";

/** A probe has no body, few headers and asks at once. */
const REQUEST_TIMEOUT_MS = 5000;
const CONNECTIONS_MAX = 64;

export interface OperationsPages {
  /** Whether calls are worth sending here. */
  isReady(): Promise<boolean>;
  /** Undefined: there are no metrics to read. */
  readonly exposition: (() => Promise<string>) | undefined;
}

export interface OperationsPort {
  readonly port: number;
  close(): Promise<void>;
}

/** Undefined without an address. Throws an error of one line if the port cannot be opened. */
export async function openOperationsPort(
  address: Address | undefined,
  pages: OperationsPages,
): Promise<OperationsPort | undefined> {
  if (address === undefined) return undefined;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS });
  server.maxConnections = CONNECTIONS_MAX;
  server.on("request", (request, response) => void answer(pages, request, response));
  const port = await listen(server, address);
  return {
    port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(pages: OperationsPages, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split("?", 1)[0];
  const send = (status: number, text: string): void => {
    // What is left of a body is not waited for.
    response.writeHead(status, { "content-type": "text/plain; version=0.0.4; charset=utf-8", connection: "close" });
    response.end(request.method === "HEAD" ? undefined : text);
  };
  if (request.method !== "GET" && request.method !== "HEAD") return send(405, "only GET and HEAD\n");
  try {
    if (path === "/livez") send(200, "alive\n");
    else if (path === "/readyz") {
      if (await pages.isReady()) send(200, "ready\n");
      else send(503, "not ready\n");
    } else if (path === "/metrics" && pages.exposition !== undefined) send(200, await pages.exposition());
    else send(404, "nothing there: /livez, /readyz, /metrics\n");
  } catch {
    send(500, "this page could not be made\n");
  }
}
