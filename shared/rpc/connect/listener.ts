/**
 * The Connect port: HTTP/1.1 and HTTP/2 on one port, told apart by a connection's first bytes. Browsers, curl and gateways
 * speak the one, our services and gRPC tools the other. With TLS, a client that asks (ALPN) is offered both.
 */

import { createServer as createHttp1Server, type RequestListener, type Server } from "node:http";
import { createServer as createHttp2Server, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { limitAnswerTime } from "../wire/answer-time.ts";
import { limitBodyTime } from "../wire/body-time.ts";
import type { Chain } from "../call/chain.ts";
import { connectHandler } from "./adapter.ts";
import { readFirstBytes } from "../wire/first-bytes.ts";
import { http2Options } from "../wire/http2-options.ts";
import { type Address, listen, type Listener } from "../wire/listen.ts";
import { limitRest } from "../wire/rest-of-body.ts";
import type { Route } from "../route.ts";
import { Sessions } from "../wire/sessions.ts";
import { limitSettingsTime } from "../wire/settings-time.ts";
import { isOver, takeStreams } from "../wire/streams.ts";
import type { ServerTls } from "../wire/tls.ts";
import { LastAnswers } from "../wire/last-answers.ts";
import {
  HEADERS_MAX_BYTES,
  IDLE_HTTP1_TIMEOUT_MS,
  IDLE_HTTP2_TIMEOUT_MS,
  LAST_REQUEST_MS,
  type WireLimits,
} from "../wire/limits.ts";

/** Serves the routes on a port of their own. Throws an error of one line if the port cannot be opened. */
export async function listenConnect(
  chain: Chain,
  routes: readonly Route[],
  address: Address,
  tls: ServerTls | undefined,
  wire: WireLimits,
  log: Logger,
): Promise<Listener> {
  const deliveries = limitAnswerTime(wire);
  const onRequest = connectHandler(chain, routes, deliveries, log);
  const sessions = new Sessions();

  const http2 = createHttp2Server(http2Options(wire));
  let connecting: Socket | undefined;
  http2.on("session", (session) => {
    // Without an age: not every client of Connect over HTTP/2 sends a refused call again. Ours renew their connections themselves.
    sessions.add(session, connecting);
    limitSettingsTime(session, wire.headersTimeoutMs);
    session.setTimeout(IDLE_HTTP2_TIMEOUT_MS, () => session.close());
  });
  takeStreams(http2, (stream, headers, rawHeaders) => {
    limitBodyTime(stream, wire.bodyTimeoutMs);
    const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
    const response = new Http2ServerResponse(stream);
    // Once all has been seen that came with it: to look at a request costs much more here than its stream, and that may be
    // reset already.
    setImmediate(() => {
      if (isOver(stream)) return;
      // Node would say so on a stream that is over, too, and throw.
      if (headers.expect === "100-continue") response.writeContinue();
      onRequest(request, response);
    });
  });

  const http1 = http1Server(tls, wire, onRequest);
  const lastAnswers = new LastAnswers(http1, wire.connectionAgeMs);
  const connected = tls === undefined ? "connection" : "secureConnection";
  // What a client expects beside 100-continue, Node would refuse by itself, past all that is here.
  http1.on("checkExpectation", (request, response) => void http1.emit("request", request, response));
  http1.prependListener("request", (request, response) => {
    limitRest(request, response);
    lastAnswers.add(response);
  });
  // The HTTP/1.1 server owns the port, because only a server that listens enforces its timeouts. It accepts every
  // connection; those that turn out to be HTTP/2 go on to the other.
  const [acceptHttp1] = http1.listeners(connected);
  http1.removeAllListeners(connected);
  const silent = new Set<Socket>();
  // Of TLS, these are the connections underneath: one whose handshake never ends is seen nowhere else.
  http1.on("connection", (socket) => sessions.addSocket(socket));
  http1.on(connected, (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
    readFirstBytes(socket, wire.headersTimeoutMs, (isHttp2) => {
      silent.delete(socket);
      if (isHttp2) {
        // Only in HTTP/1.1 may a client that has ended its half still wait for an answer. Otherwise the calls of one that is gone
        // would go on until their deadlines.
        socket.allowHalfOpen = false;
        connecting = tls === undefined ? socket : undefined;
        http2.emit("connection", socket);
      } else {
        acceptHttp1?.call(http1, socket);
        socket.resume();
      }
    });
  });

  http1.maxConnections = wire.connectionsMax;
  const port = await listen(http1, address);
  const closed = Promise.withResolvers<void>();
  const stopAccepting = async (): Promise<void> => {
    lastAnswers.announce();
    if (http1.listening) {
      http1.close(() => closed.resolve());
      // Neither server knows of connections that have said nothing yet, and they would hold the port's end back.
      setTimeout(() => {
        for (const socket of silent) socket.destroy();
      }, LAST_REQUEST_MS);
    }
    await sessions.goAway();
  };
  const close = async (): Promise<void> => {
    await stopAccepting();
    await sessions.close(closed.promise);
    deliveries.close();
  };
  return { port, announceEnd: () => lastAnswers.announce(), stopAccepting, close };
}

function http1Server(tls: ServerTls | undefined, wire: WireLimits, onRequest: RequestListener): Server {
  const options = {
    maxHeaderSize: HEADERS_MAX_BYTES,
    headersTimeout: wire.headersTimeoutMs,
    requestTimeout: wire.bodyTimeoutMs,
    connectionsCheckingInterval: wire.timeoutCheckIntervalMs,
    keepAliveTimeout: IDLE_HTTP1_TIMEOUT_MS,
  };
  if (tls === undefined) return createHttp1Server(options, onRequest);
  const tlsOptions = { ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout: wire.headersTimeoutMs };
  return createHttpsServer({ ...options, ...tls, ...tlsOptions }, onRequest);
}
