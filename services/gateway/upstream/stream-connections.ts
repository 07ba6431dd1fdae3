/**
 * The connections that carry streams. A stream may stay open for ever and takes one of the places of its HTTP/2 connection
 * for as long: on the connection of the unary calls, enough watchers would take every place.
 */

import { status } from "@grpc/grpc-js";
import type { Transport } from "@connectrpc/connect";
import type { PeerTransport } from "../../../shared/rpc/client.ts";
import { HttpError } from "../answers/http-error.ts";

/** Every server should allow that many (RFC 9113, 6.5.2). Ours allow more, but a proxy before them may not. */
export const STREAMS_PER_CONNECTION = 100;

/** When to try again if all places are taken. When one of the streams ends cannot be known. */
const RETRY_AFTER_SECONDS = 5;

/** A stream's place on a connection. Its holder must `release()` it, once. */
export interface StreamPlace {
  readonly transport: Transport;
  release(): void;
}

export interface StreamConnections {
  /** Throws HttpError 503 if as many streams are open as may be. */
  take(): StreamPlace;
  close(): void;
}

/** `open` makes a transport with a connection of its own; `streamsMax` bounds the streams on all of them together. */
export function openStreamConnections(open: () => PeerTransport, streamsMax: number): StreamConnections {
  const connections: { readonly transport: PeerTransport; streams: number }[] = [];
  let streams = 0;
  return {
    take() {
      if (streams >= streamsMax) throw noPlace(streamsMax);
      // The first that has a place, so that the last ones get empty, and then close by themselves.
      let connection = connections.find((each) => each.streams < STREAMS_PER_CONNECTION);
      if (connection === undefined) connections.push((connection = { transport: open(), streams: 0 }));
      const taken = connection;
      taken.streams += 1;
      streams += 1;
      return {
        transport: taken.transport,
        release() {
          taken.streams -= 1;
          streams -= 1;
        },
      };
    },
    close() {
      for (const { transport } of connections) transport.close();
    },
  };
}

/** 503 and not 429: it is not this caller who has too many, and another replica may have a place. */
function noPlace(streamsMax: number): HttpError {
  const headers = { "retry-after": String(RETRY_AFTER_SECONDS) };
  return new HttpError(503, status.UNAVAILABLE, `${streamsMax} streams are open here, and no more may be`, headers);
}
