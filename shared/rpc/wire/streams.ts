import type { Http2SecureServer, Http2Server, Http2Stream, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

export type TakeStream = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
) => void;

/**
 * Passes on each stream that a client opens at a server of ours, which must not listen for `stream` or `request` besides.
 *
 * A stream has an `error` when its client resets it or breaks the protocol anywhere on its connection, also when it has been
 * answered. Without a listener that ends the process. So each gets one in its first moment; the event `close`
 * tells how it ended. One that is over before its turn comes is not passed on: to answer it would throw,
 * and clients that open streams only to reset them must not cost us what they do not pay themselves.
 *
 * And what is left of a body whose answer is whole is neither read nor waited for: it would take our time, or hold the window
 * that its connection's other streams share.
 */
export function takeStreams(server: Http2Server | Http2SecureServer, take: TakeStream): void {
  server.on("stream", (opened: Http2Stream, headers: IncomingHttpHeaders, _flags: number, rawHeaders: string[]) => {
    const stream = opened as ServerHttp2Stream;
    stream.on("error", ignore);
    stream.on("finish", endUnread);
    if (!isOver(stream)) take(stream, headers, rawHeaders);
  });
}

/**
 * Whether nothing can be answered on the stream any more; to try would throw. To be asked again after every wait: its client
 * may leave at any moment.
 */
export function isOver(stream: ServerHttp2Stream): boolean {
  // Node closes what it destroys.
  return stream.closed;
}

function ignore(): void {}

/** To be called when all of an answer has been sent but its trailers, if it has any. */
function endUnread(this: ServerHttp2Stream): void {
  if (this.readableEnded || isOver(this)) return;
  // Only gRPC answers without trailers, when it refuses: their content is among the headers then.
  const trailersToCome = this.sentHeaders["grpc-status"] === undefined;
  if (trailersToCome) this.once("wantTrailers", closeSoon);
  else closeSoon.call(this);
}

function closeSoon(this: ServerHttp2Stream): void {
  // Node sends trailers by such an immediate too, an earlier one. The client is told to stop (RST_STREAM with NO_ERROR), which
  // takes nothing from the answer (RFC 9113, 8.1); what has come of the body and lies unread is thrown away.
  setImmediate(() => this.destroy());
}
