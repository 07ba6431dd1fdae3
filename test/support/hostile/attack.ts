/** Bytes thrown at a port. What comes back does not matter here: what matters is that the service goes on. */

import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { LAST_PING } from "./frames.ts";

/** How long a server may say nothing to what it cannot answer: it waits for the rest. */
const SILENCE_MAX_MS = 300;

/** Sends it all on one connection, and leaves when the server closes that, has read it all, or waits for more. */
export async function throwAt(port: number, ...chunks: readonly (Buffer | string)[]): Promise<void> {
  const socket = await open(port);
  const closed = closing(socket);
  for (const chunk of chunks) {
    if (socket.destroyed) break;
    if (!socket.write(chunk))
      await Promise.race([new Promise((resolve) => void socket.once("drain", resolve)), closed]);
  }
  socket.end();
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

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  // The server resets the connection of whoever goes too far.
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
