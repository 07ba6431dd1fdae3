/** The HTTP server: everything comes in by one catch-all route, because fastify's own would take `:` for a parameter. */

import {
  createServer,
  type IncomingMessage,
  METHODS,
  type RequestListener,
  type Server,
  STATUS_CODES,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { status } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { StatusError } from "../../../shared/status-error.ts";
import { valuesOf } from "../../../shared/rpc/wire/raw-headers.ts";
import { limitRest } from "../../../shared/rpc/wire/rest-of-body.ts";
import type { ServerTls } from "../../../shared/rpc/wire/tls.ts";
import {
  BODY_TIMEOUT_MS,
  CONNECTIONS_MAX,
  HEADERS_MAX_BYTES,
  HEADERS_TIMEOUT_MS,
  IDLE_HTTP1_TIMEOUT_MS,
  TIMEOUT_CHECK_INTERVAL_MS,
} from "../../../shared/rpc/wire/limits.ts";
import { failureOf, statusJson } from "../answers/failure.ts";
import { HttpError, malformedPath, notJson, nothingThere, severalHosts } from "../answers/http-error.ts";
import { packageOf } from "../upstream/backends.ts";
import type { EndingOf } from "../upstream/ending.ts";
import { answer, arrive, type Arrived, type CallDependencies, requestIdOf } from "./calls.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { endWhenStalled, STALLED_AFTER_MS } from "./stalled.ts";

export interface ServerDependencies extends CallDependencies {
  readonly corsOrigins: readonly string[];
  readonly log: Logger;
}

const httpOptions = {
  maxHeaderSize: HEADERS_MAX_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: BODY_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
  keepAliveTimeout: IDLE_HTTP1_TIMEOUT_MS,
};

/** The server, which does not listen yet and to which other routes may be added. Without `tls` it speaks plain text. */
export function gatewayServer(deps: ServerDependencies, tls: ServerTls | undefined): FastifyInstance {
  const arrivals = new WeakMap<IncomingMessage, Arrived>();
  const app = fastify({
    serverFactory: (listener) => serverFor(listener, tls),
    rewriteUrl: ({ url = "" }) => originForm(url),
    // While it closes, calls are refused like all others: by `OpenCalls`.
    return503OnClosing: false,
    frameworkErrors: (_error, request, reply) => void refuse(request, reply, malformedPath()),
    clientErrorHandler: answerBrokenRequest,
  });
  app.removeAllContentTypeParsers();
  // Bodies are read as part of their call, which has a deadline: see read-body.ts. This lets other types be refused.
  app.addContentTypeParser("application/json", (_request, _body, done) => done(null));
  // A rule of a contract may be for any HTTP method.
  const unknown = METHODS.filter((method) => !app.supportedMethods.includes(method));
  for (const method of unknown) app.addHttpMethod(method, { hasBody: true });

  app.addHook("onRequest", async (request, reply) => {
    if (valuesOf(request.raw.rawHeaders, "host").length > 1) throw severalHosts();
    reply.headers({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...corsHeaders(deps.corsOrigins, request.headers),
    });
  });
  const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (request.method === "OPTIONS") {
      const found = deps.table.find("OPTIONS", request.url.split("?", 1)[0] ?? "");
      // Where a rule is for OPTIONS too, it is a call like any other.
      if (typeof found !== "string" && "allowed" in found) return tellOptions(deps, found.allowed, request, reply);
    }
    const arrived = arrive(deps, request.raw, reply.raw);
    arrivals.set(request.raw, arrived);
    reply.header("x-request-id", arrived.requestId);
    return undefined;
  };
  app.all("*", { onRequest }, async (request, reply) => {
    const arrived = arrivals.get(request.raw);
    if (arrived === undefined) throw nothingThere();
    const { httpStatus, headers, contentType, body } = await answer(deps, arrived, request.raw);
    if (typeof body !== "string") endWhenStalled(reply.raw, arrived.call.signal, STALLED_AFTER_MS);
    return reply.code(httpStatus).headers(headers).type(contentType).send(body);
  });
  app.setErrorHandler((error, request, reply) => {
    const arrived = arrivals.get(request.raw);
    const ending = endingOfError(deps.endingOf, error, arrived);
    if (arrived === undefined && ending.code === status.INTERNAL) deps.log.error({ err: error }, "a request failed");
    arrived?.call.close(ending);
    return refuse(request, reply, ending);
  });
  return app;
}

function serverFor(listener: RequestListener, tls: ServerTls | undefined): Server {
  const onRequest: RequestListener = (request, response) => {
    limitRest(request, response);
    listener(request, response);
  };
  const server =
    tls === undefined
      ? createServer(httpOptions, onRequest)
      : createTlsServer({ ...httpOptions, ...tls, handshakeTimeout: HEADERS_TIMEOUT_MS }, onRequest);
  // What a client expects beside 100-continue, Node would refuse by itself, past all that is here.
  server.on("checkExpectation", onRequest);
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function refuse(request: FastifyRequest, reply: FastifyReply, ending: StatusError): FastifyReply {
  const { httpStatus, headers, body } = failureOf(ending, request.headers["if-match"] !== undefined);
  if (!reply.hasHeader("x-request-id")) void reply.header("x-request-id", requestIdOf(request.raw));
  return reply.code(httpStatus).headers(headers).type("application/json").send(JSON.stringify(body));
}

/** fastify's own errors have an HTTP status; everything else is a call's. */
function endingOfError(endingOf: EndingOf, error: unknown, arrived: Arrived | undefined): StatusError {
  const { statusCode = 500, message = "" } = error as { readonly statusCode?: number; readonly message?: string };
  if (error instanceof StatusError || statusCode >= 500) {
    return endingOf(error, arrived === undefined ? "" : packageOf(arrived.binding.method));
  }
  if (statusCode === 415) return notJson();
  return new HttpError(statusCode, status.INVALID_ARGUMENT, message);
}

function tellOptions(
  deps: ServerDependencies,
  allowed: readonly string[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const preflight = preflightHeaders(deps.corsOrigins, request.headers, allowed);
  return reply
    .code(204)
    .headers({ allow: allowed.join(", "), ...preflight })
    .send();
}

/** A target may be a whole URL (RFC 9112, 3.2.2), as proxies get it. Only its path matters: this is the site. */
function originForm(target: string): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, "");
  return path === target || path.startsWith("/") ? path : `/${path}`;
}

/** What is not HTTP, or too large for it, or too slow. There is no request yet, only the socket. */
function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable) return;
  const httpStatus = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ""] ?? 400;
  const ending = new StatusError(status.INVALID_ARGUMENT, STATUS_CODES[httpStatus] ?? "");
  const body = JSON.stringify(statusJson(ending));
  const head = `HTTP/1.1 ${httpStatus} ${ending.message}\r\ncontent-type: application/json\r\n`;
  socket.write(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
  // And not only our half of it: what else is sent would be read, and thrown away, for as long as the client likes.
  socket.destroySoon();
}
