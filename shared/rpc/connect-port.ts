/**
 * The Connect port: HTTP/1.1 and HTTP/2 without TLS on one port, told apart by a connection's first bytes. Browsers, curl
 * and gateways speak the one, our services and gRPC tools the other.
 */

import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { limitBodyTime } from "./body-time.ts";
import type { Chain } from "./chain.ts";
import { connectListener } from "./connect.ts";
import { http2Options } from "./http2-options.ts";
import type { Address, Listener } from "./listen.ts";
import { listen } from "./listen.ts";
import type { Route } from "./route.ts";
import { Sessions } from "./sessions.ts";
import {
  BODY_TIMEOUT_MS,
  CLOSE_GRACE_MS,
  HEADERS_MAX_BYTES,
  HEADERS_TIMEOUT_MS,
  IDLE_HTTP1_TIMEOUT_MS,
  IDLE_HTTP2_TIMEOUT_MS,
} from "./wire-limits.ts";

/** How every HTTP/2 connection begins. No HTTP/1.1 request does. */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Serves the routes on a port of their own. Throws an error of one line if the port cannot be had. */
export async function listenConnect(
  chain: Chain,
  routes: readonly Route[],
  address: Address,
  log: Logger,
): Promise<Listener> {
  const onRequest = connectListener(chain, routes, log);
  const sessions = new Sessions();

  const http2 = createHttp2Server(http2Options, onRequest);
  http2.on("session", (session) => {
    sessions.add(session);
    session.setTimeout(IDLE_HTTP2_TIMEOUT_MS, () => session.close());
  });
  http2.prependListener("request", ({ stream }) => limitBodyTime(stream));

  const http1 = createHttp1Server(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: BODY_TIMEOUT_MS,
      keepAliveTimeout: IDLE_HTTP1_TIMEOUT_MS,
    },
    onRequest,
  );
  // The HTTP/1.1 server owns the port, because only a server that listens enforces its timeouts. It accepts every
  // connection; those that turn out to be HTTP/2 go on to the other.
  const [acceptHttp1] = http1.listeners("connection");
  http1.removeAllListeners("connection");
  http1.on("connection", (socket) => {
    readFirstBytes(socket, (isHttp2) => {
      if (isHttp2) {
        http2.emit("connection", socket);
      } else {
        acceptHttp1?.call(http1, socket);
        socket.resume();
      }
    });
  });

  const port = await listen(http1, address);
  const closed = Promise.withResolvers<void>();
  const stopAccepting = (): void => {
    http1.close(() => closed.resolve());
    sessions.goAway();
  };
  const close = async (): Promise<void> => {
    stopAccepting();
    const cutOff = setTimeout(() => http1.closeAllConnections(), CLOSE_GRACE_MS);
    await Promise.all([sessions.close(), closed.promise]);
    clearTimeout(cutOff);
  };
  return { port, stopAccepting, close };
}

/** Calls back once it is clear what the client speaks, with the socket as if nothing had been read. */
function readFirstBytes(socket: Socket, recognised: (isHttp2: boolean) => void): void {
  let first = Buffer.alloc(0);
  const giveUp = (): void => void socket.destroy();
  // Nobody else listens yet, and an `error` event without a listener ends the process.
  socket.on("error", giveUp);
  socket.setTimeout(HEADERS_TIMEOUT_MS, giveUp);
  socket.on("data", function onData(chunk: Buffer): void {
    first = Buffer.concat([first, chunk]);
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    const matches = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    if (matches && length < HTTP2_PREFACE.length) return;
    socket.off("data", onData);
    socket.off("error", giveUp);
    socket.setTimeout(0);
    socket.off("timeout", giveUp);
    socket.pause();
    socket.unshift(first);
    recognised(matches);
  });
}
