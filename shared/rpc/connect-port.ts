/**
 * The Connect port: HTTP/1.1 and HTTP/2 on one port, told apart by a connection's first bytes. Browsers, curl and gateways
 * speak the one, our services and gRPC tools the other. With TLS, a client that asks (ALPN) is offered both.
 */

import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { limitBodyTime } from "./body-time.ts";
import type { Chain } from "./chain.ts";
import { connectListener } from "./connect.ts";
import { readFirstBytes } from "./first-bytes.ts";
import { http2Options } from "./http2-options.ts";
import type { Address, Listener } from "./listen.ts";
import { listen } from "./listen.ts";
import type { Route } from "./route.ts";
import { Sessions } from "./sessions.ts";
import { limitSettingsTime } from "./settings-time.ts";
import type { ServerTls } from "./tls.ts";
import {
  BODY_TIMEOUT_MS,
  CONNECTIONS_MAX,
  CLOSE_GRACE_MS,
  HEADERS_MAX_BYTES,
  HEADERS_TIMEOUT_MS,
  IDLE_HTTP1_TIMEOUT_MS,
  IDLE_HTTP2_TIMEOUT_MS,
  TIMEOUT_CHECK_INTERVAL_MS,
} from "./wire-limits.ts";

const http1Options = {
  maxHeaderSize: HEADERS_MAX_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: BODY_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
  keepAliveTimeout: IDLE_HTTP1_TIMEOUT_MS,
};

const tlsOptions = { ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout: HEADERS_TIMEOUT_MS };

/** Serves the routes on a port of their own. Throws an error of one line if the port cannot be had. */
export async function listenConnect(
  chain: Chain,
  routes: readonly Route[],
  address: Address,
  tls: ServerTls | undefined,
  log: Logger,
): Promise<Listener> {
  const onRequest = connectListener(chain, routes, log);
  const sessions = new Sessions();

  const http2 = createHttp2Server(http2Options, onRequest);
  http2.on("session", (session) => {
    sessions.add(session);
    limitSettingsTime(session);
    session.setTimeout(IDLE_HTTP2_TIMEOUT_MS, () => session.close());
  });
  http2.prependListener("request", ({ stream }) => limitBodyTime(stream));

  const http1 =
    tls === undefined
      ? createHttp1Server(http1Options, onRequest)
      : createHttpsServer({ ...http1Options, ...tls, ...tlsOptions }, onRequest);
  const connected = tls === undefined ? "connection" : "secureConnection";
  http1.prependListener("request", (_request, response) => {
    response.once("close", () => {
      // A connection that becomes idle while the server closes would keep it open until it is cut off.
      if (!http1.listening) http1.closeIdleConnections();
    });
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
    readFirstBytes(socket, (isHttp2) => {
      silent.delete(socket);
      if (isHttp2) {
        http2.emit("connection", socket);
      } else {
        acceptHttp1?.call(http1, socket);
        socket.resume();
      }
    });
  });

  http1.maxConnections = CONNECTIONS_MAX;
  const port = await listen(http1, address);
  const closed = Promise.withResolvers<void>();
  const stopAccepting = (): void => {
    http1.close(() => closed.resolve());
    // Neither server knows of connections that have said nothing yet, and they would hold the port's end back.
    for (const socket of silent) socket.destroy();
    sessions.goAway();
  };
  const close = async (): Promise<void> => {
    stopAccepting();
    const cutOff = setTimeout(() => http1.closeAllConnections(), CLOSE_GRACE_MS);
    await sessions.close(closed.promise);
    clearTimeout(cutOff);
  };
  return { port, stopAccepting, close };
}
