/** HTTP/2 as it must not be. Both ports speak it. */

import { randomBytes } from "node:crypto";
import { leaveHanging, throwAt } from "./attack.ts";
import { FLAG, frame, headerBlock, HELLO, LAST_PING, PREFACE, TYPE } from "./frames.ts";

const CREATE_USER = "/availability.v1.UserService/CreateUser";
const TIMES = 10_000;

interface Http2Attack {
  readonly what: string;
  readonly send: (port: number, authorization: string) => Promise<void>;
}

type Header = readonly [name: string, value: string];

/** The headers of a write by an entitled caller, ready to be spoilt. Without a body, the write is never carried out. */
function headersOf(authorization: string, change: Readonly<Record<string, string | undefined>> = {}): Header[] {
  const headers = {
    ":method": "POST",
    ":scheme": "http",
    ":authority": "localhost",
    ":path": CREATE_USER,
    "content-type": "application/grpc",
    te: "trailers",
    authorization,
    ...change,
  };
  return Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined);
}

function streamId(index: number): number {
  return 2 * index + 1;
}

function times(make: (index: number) => Buffer, count = TIMES): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(index)));
}

/** Connections that begin well and then send this. */
function after(what: string, make: (authorization: string) => Buffer): Http2Attack {
  return {
    what,
    send: (port, authorization) => throwAt(port, HELLO, make(authorization), frame(TYPE.ping, FLAG.none, 0, LAST_PING)),
  };
}

function call(what: string, change: Readonly<Record<string, string | undefined>>, more: readonly Header[] = []) {
  return after(what, (authorization) => {
    const block = headerBlock([...headersOf(authorization, change), ...more]);
    return frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, block);
  });
}

export const http2Attacks: readonly Http2Attack[] = [
  { what: "a wrong preface", send: (port) => throwAt(port, PREFACE.toString().replace("SM", "MS")) },
  { what: "half a preface", send: (port) => throwAt(port, PREFACE.subarray(0, 12)) },
  {
    what: "a preface without settings",
    send: (port) => throwAt(port, PREFACE, frame(TYPE.ping, 0, 0, Buffer.alloc(8))),
  },
  { what: "noise", send: (port) => throwAt(port, randomBytes(64 * 1024)) },
  after("noise in place of frames", () => randomBytes(64 * 1024)),
  { what: "200 connections that say nothing and vanish", send: (port) => leaveHanging(port, 200, "") },
  {
    what: "200 connections that vanish in the preface",
    send: (port) => leaveHanging(port, 200, PREFACE.subarray(0, 9)),
  },
  {
    what: "50 connections that vanish with a call half sent",
    send: (port, authorization) =>
      leaveHanging(
        port,
        50,
        Buffer.concat([HELLO, frame(TYPE.headers, FLAG.endHeaders, 1, headerBlock(headersOf(authorization)))]),
      ),
  },
  after("a frame of 16 MiB", () => frame(TYPE.data, FLAG.none, 1, Buffer.alloc(1024), 0xffffff)),
  after("a frame that is shorter than it must be", () => frame(TYPE.reset, FLAG.none, 1, Buffer.alloc(3))),
  after("data on no stream", () => frame(TYPE.data, FLAG.none, 0, Buffer.alloc(8))),
  after("data on a stream that was never opened", () => frame(TYPE.data, FLAG.none, 7, Buffer.alloc(8))),
  after("a stream with a number of the server's", (authorization) =>
    frame(TYPE.headers, FLAG.endHeaders, 2, headerBlock(headersOf(authorization))),
  ),
  after("a window that grows by nothing", () => frame(TYPE.window, FLAG.none, 0, Buffer.alloc(4))),
  after("a window that overflows", () =>
    times(() => frame(TYPE.window, FLAG.none, 0, Buffer.from("7fffffff", "hex")), 2),
  ),
  after("10,000 settings", () => times(() => frame(TYPE.settings, FLAG.none, 0))),
  after("10,000 pings", () => times(() => frame(TYPE.ping, FLAG.none, 0, Buffer.alloc(8)))),
  after("a flood of CONTINUATION", (authorization) =>
    Buffer.concat([
      frame(TYPE.headers, FLAG.none, 1, headerBlock(headersOf(authorization))),
      times((index) => frame(TYPE.continuation, FLAG.none, 1, headerBlock([[`x-${index}`, "x".repeat(100)]]))),
    ]),
  ),
  after("a flood of empty CONTINUATION", (authorization) =>
    Buffer.concat([
      frame(TYPE.headers, FLAG.none, 1, headerBlock(headersOf(authorization))),
      times(() => frame(TYPE.continuation, FLAG.none, 1)),
    ]),
  ),
  after("a header that HPACK does not know", () =>
    frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, Buffer.from("80ffffffffff", "hex")),
  ),
  after("a mebibyte of headers", (authorization) => {
    const block = headerBlock([...headersOf(authorization), ["x-large", "x".repeat(1024 * 1024)]]);
    const parts = Array.from({ length: Math.ceil(block.length / 16_384) }, (_, part) =>
      block.subarray(part * 16_384, (part + 1) * 16_384),
    );
    return Buffer.concat(
      parts.map((part, index) =>
        frame(
          index === 0 ? TYPE.headers : TYPE.continuation,
          index === parts.length - 1 ? FLAG.endHeaders : FLAG.none,
          1,
          part,
        ),
      ),
    );
  }),
  call("an authority with a space", { ":authority": "a b" }),
  call("an authority with a line break", { ":authority": "a\r\nx: y" }),
  call("an authority with somebody's password", { ":authority": "root:secret@localhost:99999" }),
  call("no path", { ":path": undefined }),
  call("a path that leads up", { ":path": `/../..${CREATE_USER}` }),
  call("a path of NUL", { ":path": "/\0" }),
  call("a header in capital letters", { "X-Upper": "1" }),
  call("a pseudo-header of nobody", { ":role": "ADMIN" }),
  call("a path that comes twice", {}, [[":path", "/"]]),
  call("a header of HTTP/1.1", { "transfer-encoding": "chunked" }),
  after("10,000 calls that are reset at once", (authorization) => {
    const block = headerBlock(headersOf(authorization));
    return times((index) =>
      Buffer.concat([
        frame(TYPE.headers, FLAG.endHeaders, streamId(index), block),
        frame(TYPE.reset, FLAG.none, streamId(index), Buffer.from([0, 0, 0, 8])),
      ]),
    );
  }),
  after("10,000 calls at once without a body", (authorization) => {
    const block = headerBlock(headersOf(authorization));
    return times((index) => frame(TYPE.headers, FLAG.endHeaders, streamId(index), block));
  }),
  after("a body that comes in 1,000 pieces of nothing", (authorization) =>
    Buffer.concat([
      frame(TYPE.headers, FLAG.endHeaders, 1, headerBlock(headersOf(authorization))),
      times(() => frame(TYPE.data, FLAG.none, 1), 1_000),
    ]),
  ),
];
