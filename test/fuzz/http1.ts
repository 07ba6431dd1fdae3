/** A whole HTTP/1.1 connection: requests one behind the other, with their faults. */

import { type Call, drawCall, type Header } from "./calls.ts";
import type { DoorName } from "./conversation.ts";
import type { Random } from "./random.ts";
import { spoil } from "./spoil.ts";
import type { Swarm } from "./swarm.ts";

const CALLS_MAX = 3;
const MANY_CALLS_MAX = 40;

/** The parts of the connection: for each request its line, each header, the empty line, and its body. */
export function drawHttp1(random: Random, swarm: Swarm, door: DoorName): Buffer[] {
  const count = swarm("many calls", 0.3) ? random.below(MANY_CALLS_MAX) : 1 + random.below(CALLS_MAX);
  const parts = Array.from({ length: count }, () => requestParts(random, swarm, drawCall(random, swarm, door))).flat();
  if (!swarm("noise")) return parts;
  const at = random.below(parts.length);
  return parts.map((part, index) => (index === at ? spoil(random, part) : part));
}

function requestParts(random: Random, swarm: Swarm, call: Call): Buffer[] {
  const body = Buffer.concat(call.body);
  const { headers, sent } = framed(random, swarm, call.body, body);
  const host: Header[] = swarm("odd pseudo-headers") ? random.pick(HOSTS) : [["host", "localhost"]];
  const all = [...host, ...call.headers, ...(body.length > 0 || headers.length > 0 ? headers : [])];
  if (swarm("shuffled")) all.reverse();
  const lines = [
    requestLine(random, swarm, call),
    ...all.map(([name, value]) => headerLine(random, swarm, name, value)),
    "\r\n",
  ];
  return [...lines.map((line) => Buffer.from(line, "latin1")), ...sent];
}

const HOSTS: readonly Header[][] = [
  [],
  [["host", "a b"]],
  [["host", ""]],
  [
    ["host", "localhost"],
    ["host", "elsewhere"],
  ],
  [["host", "root:secret@localhost:99999"]],
  [["host", "[::"]],
  [["host", "a/b?c#d"]],
];

function requestLine(random: Random, swarm: Swarm, { httpMethod, path }: Call): string {
  const target = swarm("odd pseudo-headers")
    ? random.pick([
        `http://localhost${path}`,
        `${path}?`,
        `/${path}`,
        "*",
        "",
        "//",
        "http://[",
        "localhost:80",
        path.replaceAll("/", "%2f"),
      ])
    : path;
  const method = swarm("odd pseudo-headers", 0.2)
    ? random.pick(["GET", "PUT", "OPTIONS", "CONNECT", "TRACE", "PRI", "get", "M-SEARCH", "SOURCE"])
    : httpMethod;
  const version = swarm("odd pseudo-headers", 0.1)
    ? random.pick(["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.1.1", "ICE/1.0"])
    : "HTTP/1.1";
  return `${method} ${target} ${version}\r\n`;
}

function headerLine(random: Random, swarm: Swarm, name: string, value: string): string {
  if (!swarm("odd headers", 0.05)) return `${name}: ${value}\r\n`;
  return random.pick([
    `${name}:${value}\n`,
    `${name} : ${value}\r\n`,
    `${name}: ${value}\r\n folded\r\n`,
    `${name}\r\n`,
    `: ${value}\r\n`,
    `${name}: ${value}\r`,
  ]);
}

/** The headers that say how long the body is, and the body as the client sends it. The headers may lie. */
function framed(
  random: Random,
  swarm: Swarm,
  pieces: readonly Buffer[],
  body: Buffer,
): { readonly headers: readonly Header[]; readonly sent: readonly Buffer[] } {
  const lies = swarm("odd framing");
  if (!random.chance(0.4)) {
    const length = lies
      ? random.pick([0, 1, body.length + 1, body.length - 1, 65_537, 2 ** 31, 10 ** 20])
      : body.length;
    const twice = lies && random.chance(0.2);
    return {
      headers: [["content-length", String(length)], ...(twice ? [["content-length", "3"] as const] : [])],
      sent: [body],
    };
  }
  const chunks = [
    ...pieces.filter((piece) => piece.length > 0).map((piece) => chunk(random, lies, piece)),
    lastChunk(random, swarm),
  ];
  if (lies && random.chance(0.3)) chunks.splice(random.below(chunks.length), 1);
  const coding =
    lies && random.chance(0.3)
      ? random.pick(["chunked, chunked", "xchunked", "gzip, chunked", "Chunked", "identity"])
      : "chunked";
  const both: Header[] = lies && random.chance(0.2) ? [["content-length", "4"]] : [];
  return { headers: [["transfer-encoding", coding], ...both], sent: chunks };
}

function chunk(random: Random, lies: boolean, piece: Buffer): Buffer {
  const length = piece.length.toString(16);
  const size = lies
    ? random.pick([
        length,
        `${length};a=b`,
        `0${length}`,
        "ffffffff",
        "fffffffffffffffff",
        "-1",
        "",
        (piece.length + 1).toString(16),
        `${length};${"x".repeat(20_000)}`,
      ])
    : length;
  return Buffer.concat([Buffer.from(`${size}\r\n`), piece, Buffer.from(lies && random.chance(0.2) ? "" : "\r\n")]);
}

function lastChunk(random: Random, swarm: Swarm): Buffer {
  const trailers = swarm("trailers")
    ? random.pick([
        "x-trailer: 1\r\n",
        "content-length: 5\r\n",
        "host: x\r\n",
        `x: ${"y".repeat(20_000)}\r\n`,
        ": \r\n",
      ])
    : "";
  return Buffer.from(`0\r\n${trailers}\r\n`);
}
