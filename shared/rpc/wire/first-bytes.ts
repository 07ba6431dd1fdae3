import type { Socket } from "node:net";

/** How every HTTP/2 connection begins. No HTTP/1.1 request does. */
const HTTP2_PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Calls back once it is clear what the client speaks, with the socket paused and as if nothing had been read. Closes a
 * connection that says nothing for `silenceMaxMs`.
 */
export function readFirstBytes(socket: Socket, silenceMaxMs: number, recognised: (isHttp2: boolean) => void): void {
  let first = Buffer.alloc(0);
  const giveUp = (): void => void socket.destroy();
  // Nobody else listens yet, and an `error` event without a listener ends the process.
  socket.on("error", giveUp);
  socket.setTimeout(silenceMaxMs, giveUp);
  socket.on("data", function onData(chunk: Buffer): void {
    first = Buffer.concat([first, chunk]);
    const length = Math.min(first.length, HTTP2_PREFACE.length);
    const matches = first.subarray(0, length).equals(HTTP2_PREFACE.subarray(0, length));
    if (matches && length < HTTP2_PREFACE.length) return;
    socket.off("data", onData);
    socket.off("error", giveUp);
    socket.setTimeout(0);
    socket.off("timeout", giveUp);
    socket.pause();
    socket.unshift(first);
    recognised(matches);
  });
}
