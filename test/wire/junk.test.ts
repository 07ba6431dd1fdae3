/** What a stranger sends that is no message, to what answers strangers: INVALID_ARGUMENT, and never an error in the log. */

import { connect as connectHttp2 } from "node:http2";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { envelope } from "../support/hostile/frames.ts";
import { grpcEnding, grpcRequest, http2Call } from "./calls.ts";
import { startWireService, until, type WireService } from "./service.ts";

const CHECK = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";
const REFLECT = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const REFLECT_ALPHA = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

const STREAMS = [WATCH, REFLECT, REFLECT_ALPHA];
const ERROR = 50;

/** No message of protobuf: a field that ends before its length says. */
const JUNK = Buffer.from("0aff41", "hex");
/** A text that is not UTF-8, as a service's name and as a reflection's host. */
const NOT_UTF8 = Buffer.from("0a01ff", "hex");
const COMPRESSED = 1;
const ZERO_WINDOW = Buffer.from("1f8b0800", "hex");

let service: WireService;
beforeAll(async () => (service = await startWireService()));
afterAll(() => service.stop());

/** The code with which the line of the call says that it ended. */
async function codeOfLine(send: () => Promise<unknown>): Promise<unknown> {
  const before = service.lines.length;
  await send();
  await until(() => service.lines.length > before);
  const lines = service.lines.slice(before);
  expect(lines.filter(({ level }) => Number(level) >= ERROR)).toEqual([]);
  return lines[0]?.["code"];
}

/** Over HTTP/2, which a conversation needs. */
async function post(path: string, contentType: string, body: Buffer, encoding: Record<string, string>): Promise<void> {
  const headers = { ":method": "POST", ":path": path, "content-type": contentType, ...encoding };
  await http2Call(service.connectUrl, headers, body);
}

const jsonBodies = [
  ["no JSON", "{"],
  ["a list", "[]"],
  ["a number", "7"],
  ["an unknown field", '{"nothing": 1}'],
  ["a field of another type", '{"service": 7, "host": 7}'],
  ["two of a oneof", '{"fileByFilename": "a", "fileContainingSymbol": "b"}'],
  ["no UTF-8", "\u00FF"],
].map(([what, text]) => [what, Buffer.from(text!, "latin1")] as const);

describe.each(STREAMS)("%s", (path) => {
  test.each(jsonBodies)("Connect, JSON: %s", async (_what, body) => {
    const code = await codeOfLine(() => post(path, "application/connect+json", envelope(body), {}));
    expect(code).toBe("INVALID_ARGUMENT");
  });

  test.each([
    ["no message", envelope(JUNK)],
    ["half an envelope", envelope(JUNK).subarray(0, 3)],
    ["half a message", envelope(JUNK).subarray(0, 6)],
    ["an unknown flag", envelope(JUNK, 64)],
    ["compressed by nothing that was named", envelope(JUNK, COMPRESSED)],
    ["noise", Buffer.alloc(1000, 0x5a)],
  ])("Connect, binary, and gRPC-Web: %s", async (_what, body) => {
    for (const type of ["application/connect+proto", "application/grpc-web+proto"]) {
      const code = await codeOfLine(() => post(path, type, body, {}));
      // RESOURCE_EXHAUSTED: what noise claims as its length is too much.
      expect(["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"]).toContain(code);
    }
  });

  test.each([
    ["gzip that is none", JUNK],
    ["gzip that breaks off", ZERO_WINDOW],
    ["gzip of no message", gzipSync(JUNK)],
  ])("Connect, compressed: %s", async (_what, body) => {
    const encoding = { "connect-content-encoding": "gzip" };
    const code = await codeOfLine(() => post(path, "application/connect+proto", envelope(body, COMPRESSED), encoding));
    expect(code).toBe("INVALID_ARGUMENT");
  });
});

describe.each(["gRPC port", "Connect port"] as const)("gRPC on the %s", (port) => {
  const call = async (path: string, body: Buffer, headers: Record<string, string> = {}): Promise<number> => {
    const session = connectHttp2(port === "gRPC port" ? service.grpcUrl : service.connectUrl);
    session.on("error", () => undefined);
    const stream = grpcRequest(session, path, headers);
    const ending = grpcEnding(stream);
    stream.end(body);
    const { code } = await ending;
    session.close();
    return code;
  };

  test.each([CHECK, ...STREAMS])("%s", async (path) => {
    for (const [body, headers] of [
      [envelope(JUNK), {}],
      [Buffer.concat([envelope(NOT_UTF8), envelope(JUNK)]), {}],
      [envelope(JUNK).subarray(0, 3), {}],
      [envelope(JUNK).subarray(0, 6), {}],
      [envelope(JUNK, COMPRESSED), {}],
      [envelope(JUNK, COMPRESSED), { "grpc-encoding": "gzip" }],
      [envelope(ZERO_WINDOW, COMPRESSED), { "grpc-encoding": "gzip" }],
      [envelope(gzipSync(JUNK), COMPRESSED), { "grpc-encoding": "gzip" }],
      [Buffer.alloc(1000, 0x5a), {}],
    ] as const) {
      const before = service.lines.length;
      await call(path, body, headers);
      // A call that works writes its line after all lines of the junk.
      await call(CHECK, envelope(Buffer.alloc(0)));
      await until(() => service.lines.slice(before).some(({ code }) => code === "OK"));
      const errors = service.lines.slice(before).filter(({ level }) => Number(level) >= ERROR);
      expect(errors, body.subarray(0, 20).toString("hex")).toEqual([]);
    }
  });
});
