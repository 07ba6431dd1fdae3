/** Bodies that cost more than they weigh, and timeouts that mean something else to a timer than to their sender. */

import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { endingOfHttp } from "../endings.ts";
import type { Served } from "../pair.ts";
import { envelope } from "./frames.ts";

interface BodyAttack {
  readonly what: string;
  /** Returns the code: gRPC's name, or `HTTP <status>` where HTTP itself refuses. */
  readonly send: (service: Served, authorization: string) => Promise<string>;
  readonly code: string;
}

type Headers = Readonly<Record<string, string>>;
const CREATE_USER = "/availability.v1.UserService/CreateUser";
const LIST_USERS = "/availability.v1.UserService/ListUsers";
/** Weighs 32 KiB when it is compressed: half of what a request may. */
const ZEROS = Buffer.alloc(32 * 1024 * 1024);
const bomb = gzipSync(ZEROS);

function json(what: string, body: string | Buffer<ArrayBuffer>, headers: Headers, code: string): BodyAttack {
  return posted(what, CREATE_USER, body, { "content-type": "application/json", ...headers }, code);
}

function posted(
  what: string,
  path: string,
  body: string | Buffer<ArrayBuffer>,
  headers: Headers,
  code: string,
): BodyAttack {
  const send: BodyAttack["send"] = async ({ connectUrl }, authorization) => {
    const answer = await fetch(connectUrl + path, { method: "POST", headers: { ...headers, authorization }, body });
    return (await endingOfHttp(answer)).code;
  };
  return { what, send, code };
}

/** Over gRPC, by HTTP/2 alone: no gRPC library sends such. */
function grpc(what: string, path: string, body: Buffer, headers: Headers, code: string): BodyAttack {
  const send: BodyAttack["send"] = async ({ grpcAddress }, authorization) => {
    const session = connect(`http://${grpcAddress}`);
    const own = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers", authorization };
    const stream = session.request({ ...own, ...headers });
    // The status comes in the trailers of an answer, or in the headers of one that has nothing else.
    let said: string | undefined;
    const note = (received: IncomingHttpHeaders): void => {
      const value = received["grpc-status"];
      if (typeof value === "string") said = value;
    };
    stream
      .on("response", note)
      .on("trailers", note)
      .on("error", () => undefined)
      .resume();
    stream.end(body);
    await once(stream, "close");
    session.close();
    return said === undefined ? "reset" : (status[Number(said)] ?? said);
  };
  return { what, send, code };
}

const nested = (depth: number): string => `{"email":${"[".repeat(depth)}${"]".repeat(depth)}}`;
const nestedObjects = (depth: number): string => `{"email":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;
/** The beginning of a group, which no field of ours is, in itself, in itself ... */
const nestedGroups = Buffer.alloc(60_000, 0x7b);
const gzip = { "content-encoding": "gzip" };
const grpcGzip = { "grpc-encoding": "gzip" };
const TOO_MUCH = "RESOURCE_EXHAUSTED";
const WRONG = "INVALID_ARGUMENT";

export const bodyAttacks: readonly BodyAttack[] = [
  json("32 MiB of zeros in gzip, as JSON", bomb, gzip, TOO_MUCH),
  json("32 MiB of zeros in brotli, as JSON", brotliCompressSync(ZEROS), { "content-encoding": "br" }, TOO_MUCH),
  grpc("32 MiB of zeros in gzip, over gRPC", CREATE_USER, envelope(bomb, 1), grpcGzip, TOO_MUCH),
  json("gzip that is none", Buffer.from("{}"), gzip, WRONG),
  json("gzip that ends too early", bomb.subarray(0, 1_000), gzip, TOO_MUCH),
  grpc("gzip that is none, over gRPC", CREATE_USER, envelope(Buffer.from("{}"), 1), grpcGzip, "INTERNAL"),
  grpc("compressed by nothing", CREATE_USER, envelope(bomb, 1), {}, WRONG),
  grpc("an unknown compression", CREATE_USER, envelope(bomb, 1), { "grpc-encoding": "zip" }, "UNIMPLEMENTED"),
  json("arrays in arrays, 30,000 deep", nested(30_000), {}, WRONG),
  json("objects in objects, 10,000 deep", nestedObjects(10_000), {}, WRONG),
  json("a field named __proto__", '{"__proto__":{"role":"ROLE_HOST"}}', {}, WRONG),
  json("a field named constructor", '{"constructor":{"prototype":{"role":1}}}', {}, WRONG),
  json("6,000 unknown fields", `{${Array.from({ length: 6_000 }, (_, n) => `"f${n}":1`).join(",")}}`, {}, WRONG),
  json("a number of 60,000 digits", `{"role":${"9".repeat(60_000)}}`, {}, WRONG),
  posted("groups in groups", CREATE_USER, nestedGroups, { "content-type": "application/proto" }, WRONG),
  grpc("groups in groups, over gRPC", CREATE_USER, envelope(nestedGroups), {}, WRONG),
  grpc("a message that claims 4 GiB", CREATE_USER, envelope(Buffer.alloc(8), 0, 0xffffffff), {}, TOO_MUCH),
  grpc("a message that claims 2 GiB", CREATE_USER, envelope(Buffer.alloc(8), 0, 0x80000000), {}, TOO_MUCH),
  grpc("a message that is shorter than it claims", CREATE_USER, envelope(Buffer.alloc(8), 0, 9), {}, "UNIMPLEMENTED"),
  grpc(
    "two messages where one belongs",
    CREATE_USER,
    Buffer.concat([envelope(Buffer.alloc(0)), envelope(Buffer.alloc(0))]),
    {},
    "UNIMPLEMENTED",
  ),
  grpc("no message", CREATE_USER, Buffer.alloc(0), {}, "UNIMPLEMENTED"),
  ...["-1", "1e99", "NaN", "soon", ""].map((timeout) =>
    posted(
      `a timeout of "${timeout}" ms`,
      LIST_USERS,
      "{}",
      { "content-type": "application/json", "connect-timeout-ms": timeout },
      WRONG,
    ),
  ),
  posted(
    "a timeout of 0 ms",
    LIST_USERS,
    "{}",
    { "content-type": "application/json", "connect-timeout-ms": "0" },
    "DEADLINE_EXCEEDED",
  ),
  ...["9999999999", "2147483648"].map((timeout) =>
    posted(
      `a timeout of ${timeout} ms`,
      LIST_USERS,
      "{}",
      { "content-type": "application/json", "connect-timeout-ms": timeout },
      "OK",
    ),
  ),
  ...["99999999H", "99999999S"].map((timeout) =>
    grpc(`a timeout of ${timeout}`, LIST_USERS, envelope(Buffer.alloc(0)), { "grpc-timeout": timeout }, "OK"),
  ),
  ...["-1S", "1e9S", "999999999999H", "1", "S", "1 S"].map((timeout) =>
    grpc(`a timeout of "${timeout}"`, LIST_USERS, envelope(Buffer.alloc(0)), { "grpc-timeout": timeout }, WRONG),
  ),
];
