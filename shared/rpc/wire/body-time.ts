import { constants, type ServerHttp2Stream } from "node:http2";

/** Resets the stream unless its whole body comes in time. Node would wait for the rest of it as long as the client likes. */
export function limitBodyTime(stream: ServerHttp2Stream, timeoutMs: number): void {
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), timeoutMs);
  const disarm = (): void => clearTimeout(timer);
  stream.once("end", disarm);
  stream.once("close", disarm);
}
