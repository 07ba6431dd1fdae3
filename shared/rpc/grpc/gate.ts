/** A call on the gRPC port before its body: grpc-js would read and decompress the body of a stranger too. */

import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import type { Identity } from "../../auth/identity.ts";
import { monotonicMs } from "../../clock.ts";
import { authenticate } from "../call/authenticate.ts";
import { limitBodyTime } from "../wire/body-time.ts";
import { type Chain, limitRefused } from "../call/chain.ts";
import { originIn } from "../../telemetry/origin.ts";
import { StatusError } from "../../status-error.ts";
import { statusErrorOf } from "../as-status.ts";
import type { Route } from "../route.ts";
import { isOver } from "../wire/streams.ts";
import { callTimeoutMs, grpcTimeoutMs } from "../call/timeouts.ts";
import { statusDetails } from "./error.ts";
import { WaitingClient } from "./waiting.ts";

/** What a client opens a call with. */
export interface Opening {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
}

/** What a call is passed on with: who calls, and what is left of its time; Infinity if that has no limit. */
export type Pass = (caller: Identity, timeoutMs: number) => void;

/**
 * Passes a call on, or answers it with an error: at once if the caller's token is known. While a new token is verified, nothing
 * reads the stream, so the stream keeps what the client sends, except the end of an empty body.
 */
export function admitStream(chain: Chain, route: Route, opening: Opening, bodyTimeoutMs: number, pass: Pass): void {
  const { stream, headers } = opening;
  let timeoutMs: number;
  let waiting: WaitingClient;
  let caller: Identity | Promise<Identity>;
  try {
    timeoutMs = boundTime(route, opening, bodyTimeoutMs);
    waiting = new WaitingClient(stream, timeoutMs);
    caller = authenticate(chain.authentication, route, headers.authorization, waiting);
  } catch (thrown) {
    void turnAway(chain, route, opening, thrown);
    return;
  }
  if (caller instanceof Promise) {
    const known = caller.finally(() => waiting.release());
    void passLater(chain, route, opening, known, timeoutMs, pass);
  } else pass(caller, timeoutMs);
}

async function passLater(
  chain: Chain,
  route: Route,
  opening: Opening,
  caller: Promise<Identity>,
  timeoutMs: number,
  pass: Pass,
): Promise<void> {
  const { stream } = opening;
  const begun = monotonicMs();
  let known: Identity;
  try {
    known = await caller;
  } catch (thrown) {
    await turnAway(chain, route, opening, thrown);
    return;
  }
  // grpc-js checks the content type before it checks whether the client is still there, and throws when the client has left.
  if (isOver(stream)) return;
  // It counts a timeout from when it gets the call.
  pass(known, timeoutMs - (monotonicMs() - begun));
  // The end of an empty body comes without a reader. If grpc-js does not hear of it, the call lasts until its deadline.
  if (stream.readableEnded) stream.emit("end");
}

/** How long the call may take. Throws StatusError INVALID_ARGUMENT if the client's own timeout is malformed. */
function boundTime(route: Route, { stream, headers }: Opening, bodyTimeoutMs: number): number {
  const asked = headers["grpc-timeout"];
  const askedMs = typeof asked === "string" ? grpcTimeoutMs(asked) : undefined;
  if (asked !== undefined && askedMs === undefined) {
    throw new StatusError(status.INVALID_ARGUMENT, "grpc-timeout is malformed");
  }
  const timeoutMs = callTimeoutMs(route.method, askedMs);
  // Or a body that never comes would stay for as long as its sender asks: an hour.
  if (timeoutMs > bodyTimeoutMs && route.kind !== "bidi_streaming") limitBodyTime(stream, bodyTimeoutMs);
  return timeoutMs;
}

/** Answers with nothing but the status. */
async function turnAway(chain: Chain, route: Route, opening: Opening, thrown: unknown): Promise<void> {
  const { method, log } = route;
  const { stream, headers: asked } = opening;
  const call = chain.calls.open({ method, log, transport: "grpc", timeoutMs: undefined, origin: originIn(asked) });
  const why = await limitRefused(chain, route, call, thrown).then(
    () => thrown,
    (limited: unknown) => limited,
  );
  const ending = statusErrorOf(why, chain.errorDomain);
  call.close(ending);
  if (isOver(stream)) return;
  const headers = { ":status": 200, "content-type": "application/grpc+proto" };
  const said = { "grpc-status": ending.code, "grpc-message": encodeURI(ending.message) };
  const details = statusDetails(ending);
  const detailed = details === undefined ? {} : { "grpc-status-details-bin": details.toString("base64") };
  stream.respond({ ...headers, ...said, ...detailed }, { endStream: true });
}
