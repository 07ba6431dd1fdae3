/** Calls from one service to another: Connect over HTTP/2, binary. */

import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createTransport } from "@connectrpc/connect/protocol-connect";
import type { Meter } from "@opentelemetry/api";
import { Refusal } from "../errors.ts";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { ANSWER_MAX_BYTES, REQUEST_MAX_BYTES } from "../limits.ts";
import { tracing } from "./traced-client.ts";
import { peerHttp } from "./wire/peer-http.ts";
import { measured } from "./wire/peer-measures.ts";
import type { PeerTls } from "./wire/tls.ts";

/** A transport to a peer that can be closed: its connection would keep the process alive. */
export interface PeerTransport extends Transport {
  close(): void;
}

export interface PeerOptions {
  /** The bearer token to call with, asked for at every call. Unset: none is sent. */
  readonly token?: () => Promise<string>;
  /** For `https://`. */
  readonly tls?: PeerTls;
  /** When the connection is replaced, for a test that cannot wait for it. */
  readonly connectionAgeMs?: number;
  /** Measures the unary calls. */
  readonly meter?: Meter;
}

/**
 * A transport to the service at `baseUrl` (`http://host:port`), on one connection that is opened when it is needed, and renewed every minute or two. Every
 * call must be given a `timeoutMs` (see `timeoutWithin` in `shared/caller.ts`): a peer that is gone without a word answers nothing at all. A call
 * that the peer has provably not looked at is sent once more (see `peerHttp`).
 */
export function peerTransport(
  baseUrl: string,
  { token, tls, meter, connectionAgeMs }: PeerOptions = {},
): PeerTransport {
  const http = peerHttp(baseUrl, tls, connectionAgeMs);
  const transport = createTransport({
    baseUrl,
    httpClient: http.send,
    useBinaryFormat: true,
    // Compressing between two processes next to each other costs more than the bytes that it saves.
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: Infinity,
    readMaxBytes: ANSWER_MAX_BYTES,
    writeMaxBytes: REQUEST_MAX_BYTES,
    interceptors: [
      tracing,
      ...(token === undefined ? [] : [bearer(token)]),
      ...(meter === undefined ? [] : [measured(meter)]),
    ],
  });
  return {
    unary: transport.unary.bind(transport),
    stream: transport.stream.bind(transport),
    close: () => http.close(),
  };
}

/** Sends a token with every call. */
export function bearer(token: () => Promise<string>): Interceptor {
  return (next) => async (request) => {
    request.header.set("authorization", `Bearer ${await token()}`);
    return next(request);
  };
}

/** The reason that a peer gave for its refusal, such as `USER_NOT_FOUND`; undefined if there is none. */
export function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  return error.findDetails(ErrorInfoSchema)[0]?.reason;
}

/** The refusal of a call that needs a peer which did not answer, or not with anything that its contract promises. */
export function peerUnavailable(peer: "availability" | "booking", cause: unknown): Refusal {
  const timedOut = cause instanceof ConnectError && cause.code === Code.DeadlineExceeded;
  const refusal = new Refusal(
    "PEER_UNAVAILABLE",
    `the ${peer} service ${timedOut ? "did not answer in time" : "could not be asked"}; nothing was changed`,
    { retryAfterMs: 1000 },
  );
  refusal.cause = cause;
  return refusal;
}
