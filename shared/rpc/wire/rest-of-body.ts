import type { IncomingMessage, ServerResponse } from "node:http";
import { REST_MAX_BYTES } from "./limits.ts";

/**
 * Bounds what is read of a body after its request has been answered, in HTTP/1.1. By itself Node reads it to its end, however
 * long, at full speed, for a client that was refused. A rest that is small must be read, as the next request comes behind it,
 * and a client whose connection is closed while it sends may never read why.
 */
export function limitRest(request: IncomingMessage, response: ServerResponse): void {
  // Before Node's own listener, which would have the rest thrown away before anybody could count it.
  response.prependListener("finish", () => {
    if (!request.complete) discardRest(request);
  });
}

function discardRest(request: IncomingMessage): void {
  let bytes = 0;
  // connect-es may have stopped reading and yet listen, and a stream that is listened to so does not flow.
  request.removeAllListeners("readable");
  request.on("data", (piece: Uint8Array) => {
    bytes += piece.length;
    if (bytes > REST_MAX_BYTES) request.destroy();
  });
  request.resume();
}
