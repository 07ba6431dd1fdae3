import type { IncomingMessage } from "node:http";
import { status } from "@grpc/grpc-js";
import { REQUEST_MAX_BYTES } from "../../../shared/limits.ts";
import { StatusError } from "../../../shared/status-error.ts";
import { tooLarge } from "../answers/http-error.ts";

/**
 * The whole body, empty if there is none. Not fastify's reading: that knows neither the call's deadline nor that the gateway
 * is to stop, and a client that sends half a body and waits would hold both up. Throws HttpError 413, StatusError CANCELLED.
 */
export async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  if (Number(request.headers["content-length"] ?? 0) > REQUEST_MAX_BYTES) throw tooLarge(REQUEST_MAX_BYTES);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    // By default, a reader that stops destroys the request: nothing would read its rest, nor the next request behind it.
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      if (bytes > REQUEST_MAX_BYTES) throw tooLarge(REQUEST_MAX_BYTES);
      pieces.push(piece);
    }
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    throw new StatusError(status.CANCELLED, "the client left in the middle of its request", undefined, cause);
  }
  return Buffer.concat(pieces, bytes);
}
