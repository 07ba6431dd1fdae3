/**
 * The HTTP/2 client under calls to a peer. A peer that is told to stop says so (GOAWAY) and refuses the calls that were on
 * their way to it; a peer, or a proxy before it, may refuse a single call too (REFUSED_STREAM). Both prove that nothing
 * has looked at the call (RFC 9113, 8.7). Such a call, be it a write, is sent once more, on another connection: on the
 * same one the same would happen again. Other errors prove nothing, and their calls are never sent again here.
 */

import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createNodeHttpClient, Http2SessionManager } from "@connectrpc/connect-node";
import { SECOND_MS } from "../../time-units.ts";
import type { PeerTls } from "./tls.ts";
import { IDLE_HTTP2_TIMEOUT_MS } from "./limits.ts";

/** The connection for second attempts closes this long after its last call, so that the next one finds a new connection. */
const SPARE_IDLE_TIMEOUT_MS = SECOND_MS;

export interface PeerHttp {
  readonly send: UniversalClientFn;
  /** Ends what is under way, and the connections. */
  close(): void;
}

/** A client for the service at `baseUrl`. It opens at most two connections, when they are needed. */
export function peerHttp(baseUrl: string, tls: PeerTls | undefined): PeerHttp {
  const usual = connectionTo(baseUrl, tls, IDLE_HTTP2_TIMEOUT_MS / 2);
  const spare = connectionTo(baseUrl, tls, SPARE_IDLE_TIMEOUT_MS);
  return {
    async send(request) {
      const again = request.body === undefined ? request : { ...request, body: repeatable(request.body) };
      try {
        return await usual.send(again);
      } catch (error) {
        if (!isRefusedUnseen(error)) throw error;
      }
      try {
        return await spare.send(again);
      } catch (error) {
        if (!isRefusedUnseen(error)) throw error;
        throw new ConnectError("the call was refused twice", Code.Unavailable, undefined, undefined, error);
      }
    },
    close() {
      usual.close();
      spare.close();
    },
  };
}

function connectionTo(baseUrl: string, tls: PeerTls | undefined, idleConnectionTimeoutMs: number): PeerHttp {
  // No pings: with them, connect-node verifies an idle connection before each call and doubles the wait of the first.
  const sessions = new Http2SessionManager(baseUrl, { idleConnectionTimeoutMs }, tls);
  const send = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessions });
  return { send, close: () => sessions.abort() };
}

/**
 * Whether the error, with which a call ended before any part of its answer came, proves that it was not looked at. Node
 * says the same of a call whose number is above the last one that a GOAWAY names.
 */
function isRefusedUnseen(error: unknown): boolean {
  return error instanceof ConnectError && error.rawMessage.includes("REFUSED_STREAM");
}

/**
 * What is read of `source` is kept, so that it can be read from the beginning again. Requests are small: a unary call and a
 * watch each send one message.
 */
function repeatable<T>(source: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = source[Symbol.asyncIterator]();
  const read: Promise<IteratorResult<T>>[] = [];
  return {
    [Symbol.asyncIterator]() {
      let at = 0;
      return { next: () => (read[at++] ??= iterator.next()) };
    },
  };
}
