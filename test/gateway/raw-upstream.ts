/** A service that answers calls frame by frame: for what a server at its end, a proxy or a broken one does to them. */

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { FLAG, frame, headerBlock, PREFACE, TYPE } from "../support/hostile/frames.ts";

export interface RawCall {
  /** How many calls came before it, on whichever connection. */
  readonly index: number;
  readonly stream: number;
  readonly socket: Socket;
  /** What came as its body. */
  readonly body: Buffer;
}

export interface RawUpstream {
  readonly connectUrl: string;
  /** How many calls have come, with their bodies. */
  calls(): number;
  connections(): number;
  stop(): Promise<void>;
}

/** `answer` gets every call that has come as a whole. */
export async function startRawUpstream(answer: (call: RawCall) => void): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  let calls = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.write(frame(TYPE.settings, FLAG.none, 0));
    const bodies = new Map<number, Buffer>();
    const read = frameReader((type, flags, stream, payload) => {
      if (type === TYPE.settings && (flags & FLAG.acknowledge) === 0)
        socket.write(frame(TYPE.settings, FLAG.acknowledge, 0));
      const body = Buffer.concat([
        bodies.get(stream) ?? Buffer.alloc(0),
        type === TYPE.data ? payload : Buffer.alloc(0),
      ]);
      bodies.set(stream, body);
      const isWhole = (type === TYPE.headers || type === TYPE.data) && (flags & FLAG.endStream) !== 0;
      if (isWhole) answer({ index: calls++, stream, socket, body });
    });
    socket.on("data", read);
    socket.on("end", () => socket.end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    connectUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => calls,
    connections: () => sockets.size,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Answers with this body. */
export function respond(
  { socket, stream }: RawCall,
  body: Uint8Array = new Uint8Array(),
  contentType = "application/proto",
  httpStatus = 200,
): void {
  socket.write(head(stream, contentType, httpStatus));
  socket.write(frame(TYPE.data, FLAG.endStream, stream, Buffer.from(body)));
}

/** The headers of an answer whose body comes later. */
export function head(stream: number, contentType: string, httpStatus = 200): Buffer {
  const headers = [
    [":status", String(httpStatus)],
    ["content-type", contentType],
  ] as const;
  return frame(TYPE.headers, FLAG.endHeaders, stream, headerBlock(headers));
}

/** Ends the call with an error code of RFC 9113, section 7. */
export function reset({ socket, stream }: RawCall, code: number): void {
  socket.write(frame(TYPE.reset, FLAG.none, stream, uint32(code)));
}

/** Says that the connection is to end, and that no call after the stream `last` has been looked at. */
export function goAway({ socket }: RawCall, last: number, code: number): void {
  socket.write(frame(TYPE.goAway, FLAG.none, 0, Buffer.concat([uint32(last), uint32(code)])));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

type OnFrame = (type: number, flags: number, stream: number, payload: Buffer) => void;

function frameReader(onFrame: OnFrame): (bytes: Buffer) => void {
  let unread = Buffer.alloc(0);
  let isAfterPreface = false;
  return (bytes) => {
    unread = Buffer.concat([unread, bytes]);
    if (!isAfterPreface) {
      if (unread.length < PREFACE.length) return;
      unread = unread.subarray(PREFACE.length);
      isAfterPreface = true;
    }
    while (unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
      const [type, flags, stream] = [unread.readUInt8(3), unread.readUInt8(4), unread.readUInt32BE(5)];
      const payload = unread.subarray(9, 9 + unread.readUIntBE(0, 3));
      unread = unread.subarray(9 + payload.length);
      onFrame(type, flags, stream, payload);
    }
  };
}
