/**
 * The gRPC port. grpc-js offers no way to set most limits of its HTTP/2 server, and it wraps a timeout of more than 24
 * days around to the past. So the server is ours, and grpc-js gets its sessions and streams once we have looked at them.
 */

import { EventEmitter } from "node:events";
import {
  createSecureServer,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { Server as TcpServer, type Socket } from "node:net";
import { Server } from "@grpc/grpc-js";
import { nobody } from "../../auth/identity.ts";
import { REQUEST_MAX_BYTES } from "../../limits.ts";
import { type Deliveries, limitAnswerTime } from "../wire/answer-time.ts";
import { joinRepeatedAuthorization } from "../call/bearer.ts";
import type { Chain } from "../call/chain.ts";
import { originIn } from "../../telemetry/origin.ts";
import { grpcDefinition, grpcHandler } from "./adapter.ts";
import { admitStream, type Pass } from "./gate.ts";
import { http2Options } from "../wire/http2-options.ts";
import { type Address, listen, type Listener } from "../wire/listen.ts";
import type { Route } from "../route.ts";
import { Sessions } from "../wire/sessions.ts";
import { limitSettingsTime } from "../wire/settings-time.ts";
import { takeStreams } from "../wire/streams.ts";
import type { ServerTls } from "../wire/tls.ts";
import { IDLE_HTTP2_TIMEOUT_MS, KEEPALIVE_INTERVAL_MS, KEEPALIVE_TIMEOUT_MS, type WireLimits } from "../wire/limits.ts";

/** Serves the routes on a port of their own. Throws an error of one line if the port cannot be opened. */
export async function listenGrpc(
  chain: Chain,
  routes: readonly Route[],
  address: Address,
  tls: ServerTls | undefined,
  wire: WireLimits,
): Promise<Listener> {
  const deliveries = limitAnswerTime(wire);
  const grpc = grpcServer(chain, routes, deliveries);
  const byPath = new Map(routes.map((route) => [route.path, route]));
  const sessions = new Sessions();
  const server =
    tls === undefined
      ? createServer(http2Options(wire))
      : createSecureServer({ ...http2Options(wire), ...tls, handshakeTimeout: wire.headersTimeoutMs });
  let connecting: Socket | undefined;
  // Before the server's own listener, which makes the session of it at once.
  server.prependListener("connection", (socket) => {
    sessions.addSocket(socket);
    connecting = tls === undefined ? socket : undefined;
  });
  server.on("session", (session) => {
    // Clients of gRPC send a call again, by themselves, of which they are told that it was not looked at.
    sessions.add(session, connecting, wire.connectionAgeMs);
    limitSettingsTime(session, wire.headersTimeoutMs);
    grpc.emit("session", session);
  });
  takeStreams(server, (stream, headers, rawHeaders) => {
    const delivery = deliveries.open(stream);
    const pass: Pass = (caller, timeoutMs) => {
      delivery.caller = caller;
      delivery.origin = originIn(headers);
      grpc.emit("stream", stream, headersForGrpcJs(headers, timeoutMs));
    };
    joinRepeatedAuthorization(headers, rawHeaders);
    const route = byPath.get(headers[":path"] ?? "");
    if (route === undefined) pass(nobody, Infinity);
    else admitStream(chain, route, { stream, headers }, wire.bodyTimeoutMs, pass);
  });
  server.maxConnections = wire.connectionsMax;
  const port = await listen(server, address);
  const closed = Promise.withResolvers<void>();
  const stopAccepting = async (): Promise<void> => {
    // Not by its own `close`, which would send the last GOAWAY to every client at once.
    if (server.listening) TcpServer.prototype.close.call(server, () => closed.resolve());
    await sessions.goAway();
  };
  const close = async (): Promise<void> => {
    await stopAccepting();
    await sessions.close(closed.promise);
    deliveries.close();
  };
  return { port, announceEnd: () => undefined, stopAccepting, close };
}

/**
 * The headers that grpc-js acts on. Whatever else it gets it checks letter by letter and copies; what it cannot take, it
 * writes to standard error, be it a token. Its own timer also ends calls whose body never comes, which no handler would ever see.
 */
function headersForGrpcJs(headers: IncomingHttpHeaders, timeoutMs: number): IncomingHttpHeaders {
  return {
    ":path": headers[":path"],
    "content-type": printable(headers["content-type"]),
    "grpc-encoding": printable(headers["grpc-encoding"]),
    "grpc-timeout": timeoutMs === Infinity ? undefined : `${Math.max(0, Math.floor(timeoutMs))}m`,
  };
}

/** Neither of the two means anything with another character in it. */
function printable(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value.replaceAll(/[^ -~]/g, "?") : undefined;
}

interface GrpcEvents {
  session: [session: Http2Session];
  stream: [stream: ServerHttp2Stream, headers: IncomingHttpHeaders];
}

/** A grpc-js server without a port: it answers the sessions and streams that are emitted on what this returns. */
function grpcServer(chain: Chain, routes: readonly Route[], deliveries: Deliveries): EventEmitter<GrpcEvents> {
  const server = new Server({
    "grpc.max_receive_message_length": REQUEST_MAX_BYTES,
    "grpc.keepalive_time_ms": KEEPALIVE_INTERVAL_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc.max_connection_idle_ms": IDLE_HTTP2_TIMEOUT_MS,
    // Nobody reads channelz here, and its counters cost every call.
    "grpc.enable_channelz": 0,
  });
  for (const route of routes) {
    server.addService({ [route.path]: grpcDefinition(route) }, { [route.path]: grpcHandler(chain, route, deliveries) });
  }
  // What grpc-js wants of an http2 server: its address, for traces, and these two events. The method is private; the
  // version is pinned, and should a newer one lack it, every test fails at this line.
  const events = Object.assign(new EventEmitter<GrpcEvents>(), { address: () => null });
  (server as unknown as GrpcInternals)._setupHandlers(events, []);
  return events;
}

interface GrpcInternals {
  _setupHandlers(http2Server: EventEmitter<GrpcEvents>, interceptors: readonly never[]): void;
}
