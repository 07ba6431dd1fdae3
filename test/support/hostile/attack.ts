/** Bytes thrown at a port. What comes back does not matter here: what matters is that the service goes on. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { FLAG, frame, LAST_PING, TYPE } from "./frames.ts";

/** How long a server may say nothing to what it cannot answer: it waits for the rest. */
const SILENCE_MAX_MS = 300;

/** Where to, and whether by TLS; a number is a port that takes plain text. */
export type Target = number | { readonly port: number; readonly tls: boolean };

const FIRST_PING = Buffer.from("thefirst");

/** Sends it all on one connection, and leaves when the server closes that, has read it all, or waits for more. */
export async function throwAt(target: Target, ...chunks: readonly (Buffer | string)[]): Promise<void> {
  const socket = await open(target);
  const closed = closing(socket);
  for (const chunk of chunks) {
    if (socket.destroyed) break;
    if (!socket.write(chunk))
      await Promise.race([new Promise((resolve) => void socket.once("drain", resolve)), closed]);
  }
  socket.end();
  await closed;
}

/** HTTP/2: sends `second` when the server has read all of `first`, as the answer to a ping proves; or at once. */
export async function throwInTurn(
  target: Target,
  first: Buffer,
  second: Buffer,
  when: "later" | "at once",
): Promise<void> {
  const last = frame(TYPE.ping, FLAG.none, 0, LAST_PING);
  if (when === "at once") return throwAt(target, Buffer.concat([first, second, last]));
  const socket = await open(target);
  const closed = closing(socket);
  const read = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      if (chunk.includes(FIRST_PING)) resolve();
    });
  });
  socket.write(Buffer.concat([first, frame(TYPE.ping, FLAG.none, 0, FIRST_PING)]));
  await Promise.race([read, closed]);
  if (!socket.destroyed) socket.end(Buffer.concat([second, last]));
  await closed;
}

/** Connections that send this and then nothing, until they vanish at once and without a word. */
export async function leaveHanging(port: number, count: number, chunk: Buffer | string): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(port)));
  for (const socket of sockets) if (chunk.length > 0) socket.write(chunk);
  await Promise.all(
    sockets.map((socket) => {
      const closed = closing(socket);
      socket.resetAndDestroy();
      return closed;
    }),
  );
}

async function open(target: Target): Promise<Socket> {
  const { port, tls } = typeof target === "number" ? { port: target, tls: false } : target;
  const socket = tls
    ? connectTls({ port, host: "127.0.0.1", ALPNProtocols: ["h2"], rejectUnauthorized: false })
    : connect(port, "127.0.0.1");
  await once(socket, tls ? "secureConnect" : "connect");
  // The server resets the connection of a client that goes too far.
  socket.on("error", () => undefined);
  // What is not read keeps a connection from closing.
  socket.on("data", (chunk: Buffer) => {
    if (chunk.includes(LAST_PING)) socket.destroy();
  });
  return socket;
}

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once("close", () => resolve());
    socket.setTimeout(SILENCE_MAX_MS, () => socket.destroy());
  });
}
