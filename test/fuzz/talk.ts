/** Holds a conversation. It does not judge the answers: what matters is the state of the process afterwards. */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { LAST_PING } from "../support/hostile/frames.ts";
import type { Conversation, Pause } from "./conversation.ts";

/** A server that is silent for this long waits for more. */
const SILENCE_MAX_MS = 40;
/** The longest time that the client listens, however much the server says: a stream never ends. */
const LISTEN_MAX_MS = 400;

/** Never rejects: a server may hang up on such a client. */
export async function talk({ tls, writes, end }: Conversation, port: number): Promise<void> {
  await using scope = new AsyncDisposableStack();
  const socket = await open(scope, tls, port);
  const heard = listen(socket);
  const opened = tls === undefined || tls === "plain text" ? "connect" : "secureConnect";
  await Promise.race([new Promise((resolve) => void socket.once(opened, resolve)), heard.over]);
  for (const { bytes, pause } of writes) {
    if (socket.destroyed) break;
    socket.write(bytes);
    await waitFor(pause, heard);
  }
  if (end === "half-close") socket.end();
  if (end === "wait" || end === "half-close") await heard.enough();
  if (end === "reset" && opened === "connect") socket.resetAndDestroy();
  socket.destroy();
}

async function open(scope: AsyncDisposableStack, tls: Conversation["tls"], port: number): Promise<Socket> {
  const host = "127.0.0.1";
  if (tls === undefined || tls === "plain text") return connect({ port, host, noDelay: true });
  const { alpn, cutAfter } = tls;
  const through = cutAfter === undefined ? port : await cutOff(scope, port, cutAfter);
  return connectTls({ port: through, host, rejectUnauthorized: false, ALPNProtocols: [...alpn] });
}

async function waitFor(kind: Pause, heard: Heard): Promise<void> {
  if (kind === "a turn") for (let count = 0; count < 5; count += 1) await turn();
  if (kind === "an answer") await heard.something();
}

interface Heard {
  /** Resolves when the server has hung up, or has been silent for a long time. */
  readonly over: Promise<void>;
  /** Resolves when the server says something, or nothing for a while. */
  something(): Promise<void>;
  /** Resolves when the server has hung up, has answered the last ping, or is silent. */
  enough(): Promise<void>;
}

function listen(socket: Socket): Heard {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let wake = (): void => undefined;
  let silence = setTimeout(end, LISTEN_MAX_MS);
  socket.on("error", () => undefined);
  socket.on("close", end);
  socket.on("data", (chunk: Buffer) => {
    wake();
    silence.refresh();
    if (chunk.includes(LAST_PING)) end();
  });
  const silent = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, SILENCE_MAX_MS));
  void over.then(() => clearTimeout(silence));
  return {
    over,
    something: () => Promise.race([new Promise<void>((resolve) => (wake = resolve)), silent(), over]),
    async enough() {
      const limit = setTimeout(end, LISTEN_MAX_MS);
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MAX_MS);
      await over;
      clearTimeout(limit);
      clearTimeout(silence);
    },
  };
}

/** A port that passes on the first `count` bytes of a connection, and then cuts it. */
async function cutOff(scope: AsyncDisposableStack, port: number, count: number): Promise<number> {
  const relay = createServer((client) => {
    const server = connect({ port, host: "127.0.0.1", noDelay: true });
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on("error", cut).on("close", cut);
    server.on("data", (chunk) => client.write(chunk));
    let left = count;
    client.on("data", (chunk: Buffer) => {
      server.write(chunk.subarray(0, left), () => {
        if (left <= 0) cut();
      });
      left -= chunk.length;
    });
  });
  relay.listen(0, "127.0.0.1");
  await once(relay, "listening");
  scope.defer(() => void relay.close());
  return (relay.address() as AddressInfo).port;
}
