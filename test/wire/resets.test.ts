/** How much a connection may cancel: all that an honest client ever does, and not so much that it keeps us from others. */

import { once, type EventEmitter } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { SECOND_MS } from "../../shared/time-units.ts";
import { readFirstBytes } from "../../shared/rpc/wire/first-bytes.ts";
import {
  CONCURRENT_STREAMS_MAX,
  HEADERS_TIMEOUT_MS,
  STREAM_RESET_BURST,
  wireLimits,
} from "../../shared/rpc/wire/limits.ts";
import { takeStreams } from "../../shared/rpc/wire/streams.ts";
import { envelope, FLAG, frame, framesIn, headerBlock, HELLO, TYPE } from "../support/hostile/frames.ts";
import { startWireService, type WireService } from "./service.ts";

let service: WireService;

beforeEach(async () => {
  // So slow that nothing is forgiven while a test runs, however slow the machine.
  service = await startWireService({ wire: { ...wireLimits, streamResetsPerSecond: 1 } });
});
afterEach(async () => {
  await service.stop();
});

const asked = [
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "localhost"],
  [":path", "/availability.v1.UserService/ListUsers"],
  ["content-type", "application/grpc"],
] as const;
const block = headerBlock(asked);
const CANCEL = Buffer.from([0, 0, 0, 8]);
const opened = (index: number): Buffer => frame(TYPE.headers, FLAG.endHeaders, 2 * index + 1, block);
const reset = (index: number): Buffer => frame(TYPE.reset, FLAG.none, 2 * index + 1, CANCEL);

/** Frames for the streams from `first` on. */
function frames(first: number, count: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(first + index)));
}

describe.each([
  ["gRPC", () => service.grpcPort],
  ["Connect", () => service.connectPort],
])("at the %s port", (_name, port) => {
  test("a client may cancel all that it has open, begin it anew, and cancel that too", async () => {
    const all = CONCURRENT_STREAMS_MAX;
    const twice = [0, all].flatMap((first) => [frames(first, all, opened), frames(first, all, reset)]);
    expect(await says(port(), twice)).toBe("still here");
    expect(STREAM_RESET_BURST).toBe(2 * all);
  });

  test("with more, its connection is closed, and others are served", async () => {
    const burst = frames(0, STREAM_RESET_BURST + 100, (index) => Buffer.concat([opened(index), reset(index)]));
    expect(await says(port(), [burst])).toBe("closed");
    expect(await says(port(), [])).toBe("still here");
  });

  test("what is reset before its turn is not looked at", async () => {
    const burst = frames(0, 1_000, (index) => Buffer.concat([opened(index), reset(index)]));
    expect(await says(port(), [burst])).toBe("still here");
    // But for those whose reset lies in another piece of what is read from the connection.
    expect(service.lines.length).toBeLessThan(100);
  });
});

test.each(["gRPC", "Connect"])(
  "at the %s port calls that were sent whole are answered without a reset",
  async (name) => {
    const socket = connect(name === "gRPC" ? service.grpcPort : service.connectPort, "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.on("data", (piece: Buffer) => (received = Buffer.concat([received, piece])));
    const data = frame(TYPE.data, FLAG.endStream, 1, envelope(Buffer.alloc(0)));
    const nothing = headerBlock(asked.map(([field, value]) => [field, field === ":path" ? "/nothing" : value]));
    socket.write(
      Buffer.concat([HELLO, opened(0), data, frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 3, nothing)]),
    );
    const answered = (stream: number): boolean =>
      framesIn(received).some((each) => each.type === TYPE.headers && each.stream === stream);
    while (!answered(1) || !answered(3)) await once(socket, "data");
    // What follows an answer is on its way when a later call is answered.
    const last = frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 5, nothing);
    socket.write(last);
    while (!answered(5)) await once(socket, "data");
    expect(framesIn(received).filter(({ type }) => type === TYPE.reset)).toEqual([]);
    socket.destroy();
  },
);

test.each(["gRPC", "Connect"])(
  "at the %s port what was cancelled is forgiven at the rate that all services have",
  async (name) => {
    const own = await startWireService();
    const port = name === "gRPC" ? own.grpcPort : own.connectPort;
    const all = CONCURRENT_STREAMS_MAX;
    const [first, second, third] = [0, all, 2 * all].map((index) => [
      frames(index, all, opened),
      frames(index, all, reset),
    ]);
    expect(await says(port, [...first!, ...second!, "a second's rest", ...third!])).toBe("still here");
    expect(wireLimits.streamResetsPerSecond).toBe(all);
    await own.stop();
  },
);

test("a stream that is over when Node announces it, as it does where much comes at once, is passed on to nobody", async () => {
  const taken: unknown[] = [];
  const http2 = createHttp2Server();
  takeStreams(http2, (stream) => {
    taken.push(stream.id);
    stream.respond({ ":status": 204 }, { endStream: true });
  });
  const server = createServer((socket) =>
    readFirstBytes(socket, HEADERS_TIMEOUT_MS, () => http2.emit("connection", socket)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const over = frames(0, 10, (index) => Buffer.concat([opened(index), reset(index)]));
  expect(await says(port, [over, opened(10)])).toBe("still here");
  expect(taken).toEqual([21]);
  server.close();
});

/** What becomes of a connection that sends this, each piece once the one before has been read. */
async function says(port: number, pieces: readonly (Buffer | "a second's rest")[]): Promise<"still here" | "closed"> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const closed = new Promise((resolve) => void socket.once("close", resolve));
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
  socket.write(HELLO);
  for (const [index, piece] of [...pieces, Buffer.alloc(0)].entries()) {
    if (typeof piece === "string") {
      await sleep(1.1 * SECOND_MS);
      continue;
    }
    const ping = Buffer.from(`piece ${String(index).padStart(2, "0")}`);
    socket.write(Buffer.concat([piece, frame(TYPE.ping, FLAG.none, 0, ping)]));
    while (!received.includes(ping) && !socket.destroyed) await Promise.race([next(socket, "data"), closed]);
    if (socket.destroyed) return "closed";
  }
  socket.destroy();
  return "still here";
}

/** Unlike `once` of node:events it does not reject: connections of those who go too far end with errors. */
function next(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => void emitter.once(event, () => resolve()));
}
