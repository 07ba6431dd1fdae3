/** Calls that are broken off, in HTTP/2: each way to begin one, and each way in which a client ends a stream or all of them. */

import { HELLO, FLAG, frame, headerBlock, TYPE } from "./frames.ts";

type Header = readonly [name: string, value: string];

/** What a conversation needs that was not there when this file was read. */
export interface Means {
  /** Of a method that needs a token. */
  readonly path: string;
  /** A header's value with a good token that the service has not seen yet. */
  readonly freshAuthorization: () => Promise<string>;
}

export interface Opening {
  readonly what: string;
  readonly headers: (means: Means) => Header[] | Promise<Header[]>;
}

/** As gRPC calls begin, but for `change`; what is undefined is left out. */
function headersOf({ path }: Means, change: Readonly<Record<string, string | undefined>> = {}): Header[] {
  const own = { ":method": "POST", ":scheme": "http", ":authority": "localhost", ":path": path };
  const headers = { ...own, "content-type": "application/grpc", te: "trailers", ...change };
  return Object.entries(headers).filter((header): header is [string, string] => header[1] !== undefined);
}

function opening(what: string, change: Readonly<Record<string, string | undefined>>): Opening {
  return { what, headers: (means) => headersOf(means, change) };
}

function openingWithToken(what: string, change: Readonly<Record<string, string | undefined>>): Opening {
  return {
    what,
    headers: async (means) => headersOf(means, { authorization: await means.freshAuthorization(), ...change }),
  };
}

const HEALTH = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";
const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

export const openings: readonly Opening[] = [
  opening("without a token", {}),
  opening("with a token that is none", { authorization: "Bearer a.b.YQ" }),
  openingWithToken("with a new token", {}),
  openingWithToken("with a new token and a content type of another kind", { "content-type": "text/plain" }),
  openingWithToken("with a new token and no content type", { "content-type": undefined }),
  openingWithToken("with a new token and JSON", { "content-type": "application/json" }),
  openingWithToken("with a new token and a timeout that is none", { "grpc-timeout": "soon" }),
  openingWithToken("with a new token and no time", { "grpc-timeout": "0m" }),
  openingWithToken("with a new token and a compression of nobody", { "grpc-encoding": "zip" }),
  opening("to a path of nothing", { ":path": "/nothing" }),
  opening("to health", { ":path": HEALTH }),
  opening("to a stream of health", { ":path": WATCH }),
  opening("to reflection", { ":path": REFLECTION }),
  opening("to health, of a content type of another kind", { ":path": HEALTH, "content-type": "text/plain" }),
  opening("that expects 100-continue", { expect: "100-continue" }),
  opening("to nothing that expects 100-continue", { expect: "100-continue", ":path": "/nothing" }),
  openingWithToken("with a new token that expects 100-continue", { expect: "100-continue" }),
  opening("that expects something else", { expect: "the unexpected" }),
  opening("by CONNECT", { ":method": "CONNECT", ":path": undefined, ":scheme": undefined }),
  ...["GET", "HEAD", "OPTIONS", "PUT", "BREW"].map((method) => opening(`by ${method}`, { ":method": method })),
  opening("by an authority that is none", { ":authority": "a:b:c" }),
  opening("that upgrade", { upgrade: "websocket" }),
];

interface Ending {
  readonly what: string;
  readonly bytes: Buffer;
}

const data = (stream: number, size: number, flags: number = FLAG.none): Buffer =>
  frame(TYPE.data, flags, stream, Buffer.alloc(size));
const goAway = (code: number): Buffer => frame(TYPE.goAway, FLAG.none, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, code]));
const trailers = headerBlock([[":status", "200"]]);

/** NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, and one that is not defined. */
const CODES = [0, 1, 2, 7, 8, 11, 99];

export const endings: readonly Ending[] = [
  ...CODES.map((code) => ({
    what: `reset with ${code}`,
    bytes: frame(TYPE.reset, FLAG.none, 1, Buffer.from([0, 0, 0, code])),
  })),
  ...[0, 2].map((code) => ({ what: `a GOAWAY with ${code}`, bytes: goAway(code) })),
  { what: "a GOAWAY, then data on a stream of nobody", bytes: Buffer.concat([goAway(0), data(7, 8)]) },
  { what: "data on a stream of nobody", bytes: data(7, 8) },
  { what: "a window that grows by nothing", bytes: frame(TYPE.window, FLAG.none, 1, Buffer.alloc(4)) },
  {
    what: "data and bad trailers",
    bytes: Buffer.concat([data(1, 8), frame(TYPE.headers, FLAG.endHeaders | FLAG.endStream, 1, trailers)]),
  },
  { what: "a whole body, then data", bytes: Buffer.concat([data(1, 5, FLAG.endStream), data(1, 5)]) },
  {
    what: "a whole body, then a reset",
    bytes: Buffer.concat([data(1, 5, FLAG.endStream), frame(TYPE.reset, FLAG.none, 1, Buffer.from([0, 0, 0, 1]))]),
  },
  {
    what: "half a body, then a reset",
    bytes: Buffer.concat([data(1, 3), frame(TYPE.reset, 0, 1, Buffer.alloc(4, 1))]),
  },
  { what: "a frame of no length that is allowed", bytes: frame(TYPE.reset, FLAG.none, 1, Buffer.alloc(3)) },
];

/** The bytes of a connection up to where the call has been opened. */
export async function openedBy({ headers }: Opening, means: Means): Promise<Buffer> {
  return Buffer.concat([HELLO, frame(TYPE.headers, FLAG.endHeaders, 1, headerBlock(await headers(means)))]);
}
