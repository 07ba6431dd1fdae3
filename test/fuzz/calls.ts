/** One call before a protocol spells it: the headers that both protocols have, and its body in pieces. */

import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { gzipSync } from "node:zlib";
import { envelope } from "../support/hostile/frames.ts";
import type { DoorName } from "./conversation.ts";
import { drawRequest, type Encoded } from "./messages.ts";
import { methodsAt, pathOf, ruleOf } from "./methods.ts";
import type { Random } from "./random.ts";
import { spoil } from "./spoil.ts";
import type { Swarm } from "./swarm.ts";
import { traceHeaders } from "./trace-headers.ts";
import { authorization } from "./tokens.ts";

export type Header = readonly [name: string, value: string];

export interface Call {
  readonly httpMethod: string;
  readonly path: string;
  /** In lower case, without those about the connection or the length. */
  readonly headers: readonly Header[];
  readonly body: readonly Buffer[];
}

/** How a body is laid out: bare, or each message in an envelope. */
interface Kind {
  readonly contentType: string;
  readonly encoding: keyof Encoded;
  readonly enveloped: boolean;
}

const grpc: readonly Kind[] = ["application/grpc", "application/grpc+proto"].map((contentType) => ({
  contentType,
  encoding: "binary",
  enveloped: true,
}));
const connectUnary: readonly Kind[] = [
  { contentType: "application/json", encoding: "json", enveloped: false },
  { contentType: "application/proto", encoding: "binary", enveloped: false },
];
const connectStream: readonly Kind[] = [
  { contentType: "application/connect+json", encoding: "json", enveloped: true },
  { contentType: "application/connect+proto", encoding: "binary", enveloped: true },
];
const others: readonly Kind[] = [
  ...grpc,
  { contentType: "application/grpc+json", encoding: "json", enveloped: true },
  { contentType: "application/grpc-web", encoding: "binary", enveloped: true },
  { contentType: "application/grpc-web+proto", encoding: "binary", enveloped: true },
  { contentType: "application/grpc-web+json", encoding: "json", enveloped: true },
  { contentType: "application/grpc-web-text", encoding: "binary", enveloped: true },
];
const nonsense = [
  "",
  "text/plain",
  "application/grpcx",
  "application/json; charset=utf-16",
  "a/b, c/d",
  "application/",
  "\u{FF}",
];

export function drawCall(random: Random, swarm: Swarm, door: DoorName): Call {
  const method = random.pick(methodsAt(door));
  const request = drawRequest(random, swarm, method.input);
  const drawn =
    door === "gateway" ? atGateway(random, swarm, method, request) : asRpc(random, swarm, door, method, request);
  const who = authorization(random, swarm);
  const headers: Header[] = [...drawn.headers, ...(who === undefined ? [] : [["authorization", who] as const])];
  if (swarm("expect")) headers.push(["expect", random.pick(["100-continue", "100-continue", "200-ok", ""])]);
  if (swarm("odd timeout"))
    headers.push([random.pick(["grpc-timeout", "connect-timeout-ms"]), random.pick(ODD_TIMEOUTS)]);
  if (swarm("trace")) headers.push(...random.some(traceHeaders(random), 0.7));
  if (swarm("odd headers")) headers.splice(random.below(headers.length + 1), 0, ...random.some(ODD_HEADERS, 0.1));
  return { ...drawn, headers };
}

function asRpc(random: Random, swarm: Swarm, door: DoorName, method: DescMethod, request: Encoded): Call {
  const own = method.methodKind === "unary" ? connectUnary : connectStream;
  const fitting = door.endsWith("grpc") ? grpc : random.chance(0.6) ? own : others;
  const kind = random.pick(swarm("odd content type") ? [...connectUnary, ...connectStream, ...others] : fitting);
  const contentType = swarm("odd content type", 0.3) ? random.pick(nonsense) : kind.contentType;
  const headers: Header[] = [["content-type", contentType]];
  if (contentType.startsWith("application/grpc")) headers.push(["te", "trailers"]);
  if (!kind.enveloped && method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS && random.chance(0.3)) {
    const query = `connect=v1&encoding=${kind.encoding === "json" ? "json&" : "proto&base64=1&"}message=`;
    const text =
      kind.encoding === "json" ? encodeURIComponent(request.json.toString()) : request.binary.toString("base64url");
    return { httpMethod: "GET", path: `${pathOf(method)}?${query}${text}`, headers: headers.slice(1), body: [] };
  }
  const message = request[kind.encoding];
  const count =
    method.methodKind === "bidi_streaming" ? 1 + random.below(4) : swarm("odd framing", 0.2) ? random.below(4) : 1;
  const compressed = random.chance(0.1);
  if (compressed) headers.push([kind.enveloped ? encodingHeader(contentType) : "content-encoding", "gzip"]);
  const body = Array.from({ length: count }, () =>
    bodyOf(random, swarm, kind, compressed ? gzipSync(message) : message, compressed),
  );
  return { httpMethod: "POST", path: pathOf(method), headers, body };
}

function encodingHeader(contentType: string): string {
  return contentType.startsWith("application/grpc") ? "grpc-encoding" : "connect-content-encoding";
}

function bodyOf(random: Random, swarm: Swarm, { enveloped }: Kind, message: Buffer, compressed: boolean): Buffer {
  if (!enveloped) return message;
  if (!swarm("odd framing")) return envelope(message, compressed ? 1 : 0);
  const lies = [message.length + 1, Math.max(0, message.length - 1), 0, 65_537, 2 ** 31, 2 ** 32 - 1];
  const spoilt = random.chance(0.2) ? spoil(random, message) : message;
  return envelope(spoilt, random.pick([0, 1, 2, 3, 128, 255]), random.pick([...lies, message.length]));
}

/** The fields of a request, each where the gateway reads it: path, query or body. */
function atGateway(random: Random, swarm: Swarm, method: DescMethod, { json }: Encoded): Call {
  const { httpMethod, template } = ruleOf(method);
  const fields = fieldsOf(json);
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(textOf(fields[camel(name)] ?? "x")),
  );
  const target = swarm("odd pseudo-headers", 0.2) ? `${path}${random.pick(ODD_PATH_ENDS)}` : path;
  const headers: Header[] = [];
  if (random.chance(0.2))
    headers.push(["idempotency-key", `019a0000-0000-4000-8000-${random.bytes(6).toString("hex")}`]);
  if (random.chance(0.1)) headers.push(["if-match", random.pick(['"1"', "*", 'W/"1"', "1"])]);
  if (random.chance(0.2)) headers.push(["accept", random.pick(["text/event-stream", "application/json", "*/*", "a"])]);
  if (random.chance(0.1)) headers.push(["origin", random.pick(["https://a.example", "null", "x"])]);
  if (httpMethod === "GET") {
    const query = new URLSearchParams(
      Object.entries(fields).flatMap(([name, value]) =>
        [value].flat().map((each): [string, string] => [name, textOf(each)]),
      ),
    );
    return {
      httpMethod: random.chance(0.05) ? random.pick(["HEAD", "OPTIONS"]) : "GET",
      path: `${target}?${query.toString()}`,
      headers,
      body: [],
    };
  }
  const contentType = swarm("odd content type") ? random.pick([...nonsense, "application/grpc"]) : "application/json";
  return { httpMethod, path: target, headers: [...headers, ["content-type", contentType]], body: [json] };
}

function fieldsOf(json: Buffer): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(json.toString());
    return typeof fields === "object" && fields !== null ? (fields as Readonly<Record<string, unknown>>) : {};
  } catch {
    return { hostId: json.toString("latin1") };
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function camel(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const ODD_PATH_ENDS = [
  "?",
  "?=1",
  "?&&",
  "?a=%zz",
  "?states=1&states=x",
  "%00",
  "%2e%2e",
  ":x",
  "/",
  "//",
  "#x",
  "?a[b]=1",
];
const ODD_TIMEOUTS = [
  "",
  "0",
  "0m",
  "1n",
  "5m",
  "1S",
  "-1S",
  "99999999H",
  "999999999H",
  "9999999999",
  "1",
  "S",
  "1e9",
  "2147483648",
  "NaN",
];

const ODD_HEADERS: readonly Header[] = [
  ["content-encoding", "gzip"],
  ["content-encoding", "br"],
  ["content-encoding", "x"],
  ["grpc-encoding", "gzip"],
  ["grpc-encoding", "x"],
  ["connect-content-encoding", "gzip"],
  ["connect-protocol-version", "1"],
  ["connect-protocol-version", "2"],
  ["connect-accept-encoding", "gzip"],
  ["grpc-accept-encoding", "gzip,,x"],
  ["content-length", "0"],
  ["content-length", "5"],
  ["content-length", "99999999999"],
  ["content-length", "-1"],
  ["te", "gzip"],
  ["cookie", "a=b"],
  ["cookie", "c=d"],
  ["x-request-id", "\u{FF}\t"],
  ["x-bin", "AA=="],
  ["grpc-trace-bin", "%%%"],
  ["accept-encoding", "gzip"],
  ["authorization", "Bearer x"],
  ["host", "elsewhere"],
  ["content-type", "application/json"],
  ["connection", "keep-alive"],
  ["upgrade", "h2c"],
  ["transfer-encoding", "chunked"],
  ["trailer", "grpc-status"],
  ["grpc-status", "0"],
  ["x-large", "x".repeat(15_000)],
  ["x-larger", "x".repeat(20_000)],
  ["", "empty"],
  ["x-empty", ""],
  ["X-Upper", "1"],
  ["x y", "space"],
  ["range", "bytes=0-1"],
  ["if-match", "*"],
  ["origin", "http://a.example"],
];
