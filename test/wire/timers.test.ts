/** Times of minutes, by a clock that the tests turn; and that no timer outlives what it is for. */

import { once } from "node:events";
import { connect as connectHttp2, createServer, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limitBodyTime } from "../../shared/rpc/wire/body-time.ts";
import { IDLE_HTTP2_TIMEOUT_MS, KEEPALIVE_INTERVAL_MS, KEEPALIVE_TIMEOUT_MS } from "../../shared/rpc/wire/limits.ts";
import { FLAG, frame, framesIn, headerBlock, HELLO, LAST_PING, PREFACE, TYPE } from "../support/hostile/frames.ts";
import { portOf, ports } from "./slow-clients.ts";
import { startingWireServices, type WireService } from "./service.ts";

const start = startingWireServices();
let service: WireService;

beforeEach(async () => {
  service = await start();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => void vi.useRealTimers());

/** Longer than anything here takes on a busy machine. */
const PATIENCE_MS = 20_000;

/** Resolves when the condition holds: the clock that is turned does not count here. */
async function comesTrue(condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error("what was waited for did not happen");
    await new Promise(setImmediate);
  }
}

const PING = frame(TYPE.ping, FLAG.none, 0, LAST_PING);
const CALL = headerBlock([
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "localhost"],
  [":path", "/availability.v1.UserService/ListUsers"],
  ["content-type", "application/grpc"],
  // Longer than its body may take.
  ["grpc-timeout", "60S"],
]);

describe.each(ports)("with its client go the timers that the %s port has for", (port) => {
  test("a connection whose settings never came", async () => {
    const socket = connectTcp(portOf(service, port), "127.0.0.1");
    socket.write(PREFACE);
    await comesTrue(() => vi.getTimerCount() > 0);
    socket.destroy();
    await expect(comesTrue(() => vi.getTimerCount() === 0)).resolves.toBeUndefined();
  });

  test("a call whose body never came", async () => {
    const socket = connectTcp(portOf(service, port), "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.on("data", (piece: Buffer) => (received = Buffer.concat([received, piece])));
    socket.write(Buffer.concat([HELLO, frame(TYPE.headers, FLAG.endHeaders, 1, CALL), PING]));
    await comesTrue(() => received.includes(LAST_PING));
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    socket.destroy();
    await comesTrue(() => vi.getTimerCount() === 0);
  });
});

test("with its connection goes the timer of a call for its body, though nobody reads that", async () => {
  const server = createServer();
  const unread = Promise.withResolvers<void>();
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    limitBodyTime(stream as ServerHttp2Stream, 60_000);
    unread.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.request({ ":method": "POST" }).on("error", () => undefined);
  await unread.promise;
  expect(vi.getTimerCount()).toBe(1);
  session.destroy();
  await comesTrue(() => vi.getTimerCount() === 0);
  server.close();
});

describe("at the gRPC port", () => {
  test("a connection whose client answers no pings is closed", async () => {
    const socket = connectTcp(service.grpcPort, "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.on("data", (piece: Buffer) => (received = Buffer.concat([received, piece])));
    const pings = (): number => framesIn(received).filter(({ type }) => type === TYPE.ping).length;
    socket.write(Buffer.concat([HELLO, PING]));
    await comesTrue(() => pings() === 1);
    vi.advanceTimersByTime(KEEPALIVE_INTERVAL_MS);
    await comesTrue(() => pings() === 2);
    vi.advanceTimersByTime(KEEPALIVE_TIMEOUT_MS);
    await expect(comesTrue(() => socket.destroyed)).resolves.toBeUndefined();
  });

  test("a connection without calls is closed, though its client answers pings", async () => {
    const session = connectHttp2(service.grpcUrl);
    await once(session, "remoteSettings");
    // When the second is answered, the server has what the client said to the pings before the first.
    const settled = async (): Promise<void> => {
      for (let ping = 0; ping < 2; ping += 1) await new Promise((pong) => void session.ping(pong));
    };
    for (let passedMs = 0; passedMs < IDLE_HTTP2_TIMEOUT_MS; passedMs += KEEPALIVE_INTERVAL_MS) {
      await settled();
      expect(session.closed).toBe(false);
      vi.advanceTimersByTime(KEEPALIVE_INTERVAL_MS);
    }
    await comesTrue(() => session.closed);
  });
});

test("a service that has stopped leaves no interval behind", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const other = await start();
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  await other.stop();
  expect(vi.getTimerCount()).toBe(0);
  await service.stop();
});
