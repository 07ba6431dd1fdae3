/** The other end of the gateway's connections: a server that shows what arrives there, and answers as a test says. */

import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream, type Settings } from "node:http2";
import type { AddressInfo } from "node:net";

export interface Upstream {
  /** `http://127.0.0.1:port` */
  readonly connectUrl: string;
  /** How many connections it has had. */
  connections(): number;
  /** May be called again. */
  stop(): Promise<void>;
}

/** `answer` gets every call; its stream is open, and its request may still be on its way. `settings` are those of HTTP/2. */
export async function startUpstream(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings: Settings = {},
): Promise<Upstream> {
  const server = createServer({ settings });
  const sessions = new Set<{ destroy(): void }>();
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, headers) => {
    // A stream that its client cancels emits `error`, which ends the process if nothing listens.
    stream.on("error", () => undefined);
    stream.on("data", () => undefined);
    answer(stream as ServerHttp2Stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    connectUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => sessions.size,
    async stop() {
      if (!server.listening) return;
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers a unary call of the Connect protocol. */
export function answerMessage(
  stream: ServerHttp2Stream,
  message: Uint8Array = new Uint8Array(),
  headers: Readonly<Record<string, string>> = {},
): void {
  stream.respond({ ":status": 200, "content-type": "application/proto", ...headers });
  stream.end(message);
}

/** Begins a stream of the Connect protocol. */
export function beginStream(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/connect+proto" });
}

/** A message in a stream of the Connect protocol. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
