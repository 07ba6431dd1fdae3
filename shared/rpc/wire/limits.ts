/**
 * Limits of the listeners. Node's defaults let one client open four billion streams and hold a half-sent body for ever;
 * none of these is part of the contract, so they may change without a release note.
 */

import { SECOND_MS, MINUTE_MS } from "../../time-units.ts";

/**
 * Connections of one listener; the next one is closed at once. Few clients need many, since each carries a thousand calls,
 * and a process that runs out of file descriptors can no longer reach its database either.
 */
export const CONNECTIONS_MAX = 8192;

/** Calls that one connection may have open. Clients queue the rest themselves. */
export const CONCURRENT_STREAMS_MAX = 1024;

/** Memory that Node may spend on one HTTP/2 connection, its unread answers included (in megabytes, as Node counts). */
export const CONNECTION_MEMORY_MAX_MB = 128;

export const HEADERS_MAX_BYTES = 16 * 1024;

/**
 * Streams of one connection that its client may cancel at once, and per second; with the next one the connection is closed.
 * An honest client cancels at most all that it has open, when their deadlines run out together or it is told to stop; twice, if
 * it begins them anew, and so every second if that is their deadline. Clients that hedge cancel some hundred a second. Node's
 * own limits (1,000 and 33) would close their connections. Without one, cancelling is a cheap way to burn our CPU: a stream
 * costs us 0.05 ms if it is reset before its turn, and a whole refusal (0.3 ms on the Connect port) if it is reset after that.
 */
export const STREAM_RESET_BURST = 2 * CONCURRENT_STREAMS_MAX;
export const STREAM_RESETS_PER_SECOND = CONCURRENT_STREAMS_MAX;

/** How long a new connection may keep silent, or take to send a request's headers. */
export const HEADERS_TIMEOUT_MS = 10 * SECOND_MS;
/** How long a request's body may take to arrive. */
export const BODY_TIMEOUT_MS = 30 * SECOND_MS;
/** What is read of a body after its answer, so that a client that sends too much can read so. Then its connection is closed. */
export const REST_MAX_BYTES = 1024 * 1024;
/** How long a client may take to read an answer, or to want the next message of a stream. */
export const ANSWER_TIMEOUT_MS = 30 * SECOND_MS;
/** How often we check for late answers, and Node for late HTTP/1.1 requests. A limit can be overrun by this much. */
export const TIMEOUT_CHECK_INTERVAL_MS = 5 * SECOND_MS;

/** Longer than the idle timeout of common load balancers (60 s), so that the balancer closes first and loses no call. */
export const IDLE_HTTP1_TIMEOUT_MS = 75 * SECOND_MS;
export const IDLE_HTTP2_TIMEOUT_MS = 10 * MINUTE_MS;

/**
 * How long a client is served on one connection, and up to half as long again; so a replica that is new behind a load balancer
 * gets its share. Of gRPC and HTTP/1.1: these take leave of a connection without losing a call.
 */
export const CONNECTION_AGE_MS = 10 * MINUTE_MS;
/** The same of our own connections to a peer. */
export const PEER_CONNECTION_AGE_MS = MINUTE_MS;

/** Dead clients are found by pinging connections that carry calls: their streams would hold memory for ever. */
export const KEEPALIVE_INTERVAL_MS = 30 * SECOND_MS;
export const KEEPALIVE_TIMEOUT_MS = 10 * SECOND_MS;

/** How long calls may go on once no new connections are taken. */
export const DRAIN_GRACE_MS = 10 * SECOND_MS;
/** How long a connection of HTTP/1.1 stays for the next request after a stream whose head did not say that it ends. */
export const LAST_REQUEST_MS = 250;
/** How long connections get to send what has been answered, and clients to hear that they are sent away. */
export const CLOSE_GRACE_MS = SECOND_MS;

/** Those of the limits that a test must be able to shorten, because it cannot wait for them or reach them. */
export interface WireLimits {
  readonly connectionsMax: number;
  readonly headersTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly timeoutCheckIntervalMs: number;
  readonly streamResetsPerSecond: number;
  readonly connectionAgeMs: number;
}

export const wireLimits: WireLimits = {
  connectionsMax: CONNECTIONS_MAX,
  headersTimeoutMs: HEADERS_TIMEOUT_MS,
  bodyTimeoutMs: BODY_TIMEOUT_MS,
  answerTimeoutMs: ANSWER_TIMEOUT_MS,
  timeoutCheckIntervalMs: TIMEOUT_CHECK_INTERVAL_MS,
  streamResetsPerSecond: STREAM_RESETS_PER_SECOND,
  connectionAgeMs: CONNECTION_AGE_MS,
};
