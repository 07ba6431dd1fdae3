/** A call on the gRPC port before its body, which grpc-js would read and decompress for whoever sent it. */

import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { Identity } from "../auth/identity.ts";
import { monotonicMs } from "../clock.ts";
import { DEADLINE_DEFAULT_MS, DEADLINE_MAX_MS } from "../limits.ts";
import { authenticate } from "./authenticate.ts";
import { limitBodyTime } from "./body-time.ts";
import type { Chain } from "./chain.ts";
import { StatusError, statusErrorOf } from "./errors.ts";
import type { Route } from "./route.ts";
import { grpcTimeoutMs } from "./timeouts.ts";

/** What a client opens a call with. */
export interface Opening {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
}

/** What a call is passed on with: who calls, and its timeout as a `grpc-timeout` header, if it has one. */
export type Pass = (caller: Identity, timeout: string | undefined) => void;

const DEFAULT_TIMEOUT = `${DEADLINE_DEFAULT_MS}m`;

/**
 * Passes a call on, or answers it with an error. At once if the caller's token is known. Until another one is verified nobody
 * listens to the stream, which therefore keeps what comes.
 */
export function admitStream(chain: Chain, route: Route, opening: Opening, bodyTimeoutMs: number, pass: Pass): void {
  const { stream, headers } = opening;
  let timeout: string | undefined;
  let caller: Identity | Promise<Identity>;
  try {
    timeout = boundTime(route, opening, bodyTimeoutMs);
    caller = authenticate(chain.identify, route, headers.authorization);
  } catch (thrown) {
    turnAway(chain, route, stream, thrown);
    return;
  }
  if (caller instanceof Promise)
    void passLater(chain, route, stream, caller, (known, passedMs) => pass(known, shortened(timeout, passedMs)));
  else pass(caller, timeout);
}

async function passLater(
  chain: Chain,
  route: Route,
  stream: ServerHttp2Stream,
  caller: Promise<Identity>,
  pass: (caller: Identity, passedMs: number) => void,
): Promise<void> {
  // grpc-js does not listen yet, and an `error` event without a listener ends the process.
  stream.on("error", () => undefined);
  const begun = monotonicMs();
  let known: Identity;
  try {
    known = await caller;
  } catch (thrown) {
    turnAway(chain, route, stream, thrown);
    return;
  }
  // grpc-js sees by itself if the client has left meanwhile.
  pass(known, monotonicMs() - begun);
}

/** The timeout that a call gets: unary ones always have one. Throws StatusError INVALID_ARGUMENT if the client's own is malformed. */
function boundTime(route: Route, { stream, headers }: Opening, bodyTimeoutMs: number): string | undefined {
  const asked = headers["grpc-timeout"];
  if (asked === undefined) {
    if (route.kind === "server_streaming") limitBodyTime(stream, bodyTimeoutMs);
    // grpc-js's own timer also ends calls whose body never comes, which no handler would ever see.
    return route.kind === "unary" ? DEFAULT_TIMEOUT : undefined;
  }
  const timeoutMs = typeof asked === "string" ? grpcTimeoutMs(asked) : undefined;
  if (timeoutMs === undefined) throw new StatusError(status.INVALID_ARGUMENT, "grpc-timeout is malformed");
  // Or a body that never comes would stay for as long as its sender asks: an hour.
  if (timeoutMs > bodyTimeoutMs && route.kind !== "bidi_streaming") limitBodyTime(stream, bodyTimeoutMs);
  return `${Math.min(timeoutMs, DEADLINE_MAX_MS)}m`;
}

/** What is left of a timeout: grpc-js counts it from when it gets the call. */
function shortened(timeout: string | undefined, passedMs: number): string | undefined {
  if (timeout === undefined) return undefined;
  return `${Math.max(0, Math.floor((grpcTimeoutMs(timeout) ?? 0) - passedMs))}m`;
}

/** Answers with nothing but the status. None of those from before the body has details. */
function turnAway(chain: Chain, route: Route, stream: ServerHttp2Stream, thrown: unknown): void {
  const { method, log } = route;
  const ending = statusErrorOf(thrown, chain.errorDomain);
  chain.calls.open({ method, log, transport: "grpc", timeoutMs: undefined }).close(ending);
  if (stream.destroyed) return;
  const headers = { ":status": 200, "content-type": "application/grpc+proto" };
  const said = { "grpc-status": ending.code, "grpc-message": encodeURI(ending.message) };
  stream.respond({ ...headers, ...said }, { endStream: true });
}
