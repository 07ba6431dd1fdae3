/**
 * The HTTP/2 client under calls to a peer. A peer that is told to stop says so (GOAWAY) and refuses the calls that were on
 * their way to it; a peer, or a proxy before it, may refuse a single call too (REFUSED_STREAM). Both prove that nothing
 * has looked at the call (RFC 9113, 8.7). Such a call, be it a write, is sent once more, on another connection: on the
 * same one the same would happen again. Other errors prove nothing, and their calls are never sent again here.
 */

import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createNodeHttpClient } from "@connectrpc/connect-node";
import { SECOND_MS } from "../../time-units.ts";
import { IDLE_HTTP2_TIMEOUT_MS, PEER_CONNECTION_AGE_MS } from "./limits.ts";
import { PeerSessions } from "./peer-sessions.ts";
import { renewed } from "./renewed.ts";
import type { PeerTls } from "./tls.ts";

/** The connection for second attempts closes this long after its last call, so that the next one finds a new connection. */
const SPARE_IDLE_TIMEOUT_MS = SECOND_MS;

export interface PeerHttp {
  readonly send: UniversalClientFn;
  /** Ends what is under way, and the connections. */
  close(): void;
}

/**
 * A client for the service at `baseUrl`. It opens connections when they are needed: one for first attempts, which is renewed
 * after `ageMs` (or up to half as much again), and one for second ones. Old ones stay until their last call has ended.
 */
export function peerHttp(baseUrl: string, tls: PeerTls | undefined, ageMs = PEER_CONNECTION_AGE_MS): PeerHttp {
  // No pings: with them, connect-node verifies an idle connection before each call and doubles the wait of the first.
  const sessionsFor = (idleConnectionTimeoutMs: number): PeerSessions =>
    new PeerSessions(baseUrl, { idleConnectionTimeoutMs }, tls);
  const usualSessions = renewed(() => sessionsFor(IDLE_HTTP2_TIMEOUT_MS / 2), ageMs);
  const spareSessions = sessionsFor(SPARE_IDLE_TIMEOUT_MS);
  const usual = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => usualSessions.current() });
  const spare = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => spareSessions });
  return {
    async send(request) {
      const again = request.body === undefined ? request : { ...request, body: repeatable(request.body) };
      try {
        return await usual(again);
      } catch (error) {
        if (!isRefusedUnseen(error)) throw error;
      }
      try {
        return await spare(again);
      } catch (error) {
        if (!isRefusedUnseen(error)) throw error;
        throw new ConnectError("the call was refused twice", Code.Unavailable, undefined, undefined, error);
      }
    },
    close() {
      usualSessions.close();
      spareSessions.abort();
    },
  };
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
