/** A whole HTTP/2 connection, frame by frame: calls, the control frames between them, and their faults. */

import { FLAG, frame, headerBlock, LAST_PING, PREFACE, TYPE } from "../support/hostile/frames.ts";
import { type Call, drawCall, type Header } from "./calls.ts";
import type { DoorName } from "./conversation.ts";
import type { Random } from "./random.ts";
import { spoil } from "./spoil.ts";
import type { Oddity, Swarm } from "./swarm.ts";

const CALLS_MAX = 4;
const MANY_CALLS_MAX = 60;
/** Nearly every connection ends with a ping: its answer shows that the server has read everything before it. */
const LAST_PING_SHARE = 0.9;

/** The frames of the connection, the preface first. */
export function drawHttp2(random: Random, swarm: Swarm, door: DoorName): Buffer[] {
  const count = swarm("many calls", 0.3) ? random.below(MANY_CALLS_MAX) : 1 + random.below(CALLS_MAX);
  const calls = Array.from({ length: count }, (_, index) =>
    callFrames(random, swarm, drawCall(random, swarm, door), 2 * index + 1),
  );
  let frames = random.chance(0.5) ? calls.flat() : interleaved(random, calls);
  for (const oddity of Object.keys(controls) as (keyof typeof controls)[]) {
    while (swarm(oddity)) {
      const stream = random.pick([0, ...Array.from({ length: count + 1 }, (_, index) => 2 * index + 1)]);
      frames.splice(random.below(frames.length + 1), 0, controls[oddity](random, stream));
    }
  }
  if (swarm("shuffled")) frames = shuffled(random, frames);
  if (swarm("noise")) {
    const at = random.below(frames.length + 1);
    frames.splice(at, 1, frames[at] === undefined ? random.bytes(20) : spoil(random, frames[at]));
  }
  const hello = [PREFACE, frame(TYPE.settings, FLAG.none, 0, swarm("settings") ? settings(random) : Buffer.alloc(0))];
  if (swarm("noise", 0.1)) hello[random.below(2)] = spoil(random, hello[0]!);
  const last = random.chance(LAST_PING_SHARE) ? [frame(TYPE.ping, FLAG.none, 0, LAST_PING)] : [];
  return [...hello, ...frames, ...last];
}

function callFrames(random: Random, swarm: Swarm, call: Call, stream: number): Buffer[] {
  const block = headerBlock(headersOf(random, swarm, call), random.pick(REPRESENTATIONS));
  const body = call.body.flatMap((piece) => pieces(random, piece));
  const trailers = swarm("trailers");
  const ends = !swarm("odd framing", 0.2);
  const frames = headerFrames(random, swarm, stream, block, ends && body.length === 0 && !trailers);
  for (const [index, piece] of body.entries()) {
    const isLast = ends && !trailers && index === body.length - 1;
    frames.push(dataFrame(random, stream, piece, isLast ? FLAG.endStream : FLAG.none));
  }
  if (trailers)
    frames.push(...headerFrames(random, swarm, stream, headerBlock(random.pick(TRAILERS)), random.chance(0.8)));
  // Anywhere behind the headers, also at the very end: what a reset meets depends on who listens by then.
  if (swarm("reset")) frames.splice(1 + random.below(frames.length), 0, controls.reset(random, stream));
  return frames;
}

/** Literals without indexing, never indexed, and with indexing. */
const REPRESENTATIONS = [0x00, 0x00, 0x10, 0x40];

const TRAILERS: readonly (readonly Header[])[] = [
  [["x-trailer", "1"]],
  [["grpc-status", "0"]],
  [[":path", "/late"]],
  [["X-Upper", "1"]],
  [],
  [["content-length", "7"]],
];

function headersOf(random: Random, swarm: Swarm, call: Call): Header[] {
  const pseudo: Header[] = [
    [":method", call.httpMethod],
    [":scheme", "http"],
    [":authority", "localhost"],
    [":path", call.path],
  ];
  if (!swarm("odd pseudo-headers")) return [...pseudo, ...call.headers];
  const at = random.below(pseudo.length);
  switch (random.below(5)) {
    case 0:
      return [...pseudo.toSpliced(at, 1), ...call.headers];
    case 1:
      return [...pseudo, pseudo[at]!, ...call.headers];
    case 2:
      return [...call.headers, ...pseudo];
    case 3:
      return [
        ...pseudo,
        random.pick<Header>([
          [":role", "ADMIN"],
          [":status", "200"],
          [":protocol", "websocket"],
          [":", ""],
        ]),
        ...call.headers,
      ];
    default:
      return [...pseudo.with(at, [pseudo[at]![0], random.pick(ODD_PSEUDO_VALUES)]), ...call.headers];
  }
}

const ODD_PSEUDO_VALUES = [
  "",
  "*",
  "a b",
  "GET",
  "OPTIONS",
  "CONNECT",
  "https",
  "\0",
  "root:secret@localhost:99999",
  "//",
  "/..",
  "[::",
  "http://[",
];

function headerFrames(random: Random, swarm: Swarm, stream: number, whole: Buffer, ends: boolean): Buffer[] {
  const block = swarm("noise", 0.2) ? spoil(random, whole) : whole;
  const flags = ends ? FLAG.endStream : FLAG.none;
  const parts = swarm("continuation") ? cut(random, block, 4) : cut(random, block, 1);
  if (swarm("continuation", 0.2)) parts.push(Buffer.alloc(0));
  return parts.map((part, index) => {
    const end = index === parts.length - 1 && !swarm("continuation", 0.1) ? FLAG.endHeaders : FLAG.none;
    if (index > 0) return frame(TYPE.continuation, end, stream, part);
    if (!swarm("priority")) return frame(TYPE.headers, flags | end, stream, part);
    return frame(TYPE.headers, flags | end | FLAG.priority, stream, Buffer.concat([priority(random, stream), part]));
  });
}

/** A frame holds 16 KiB at most; more goes into the next. */
const FRAME_MAX_BYTES = 16_384;

function cut(random: Random, bytes: Buffer, partsMax: number): Buffer[] {
  const count = Math.max(Math.ceil(bytes.length / FRAME_MAX_BYTES), 1 + random.below(partsMax));
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

function pieces(random: Random, body: Buffer): Buffer[] {
  return random.chance(0.7) ? cut(random, body, 1) : cut(random, body, 5);
}

function dataFrame(random: Random, stream: number, payload: Buffer, flags: number): Buffer {
  if (!random.chance(0.1)) return frame(TYPE.data, flags, stream, payload);
  const padding = random.below(256);
  const length = random.chance(0.2) ? 255 : padding;
  return frame(
    TYPE.data,
    flags | FLAG.padded,
    stream,
    Buffer.concat([Buffer.from([length]), payload, Buffer.alloc(padding)]),
  );
}

/** All error codes (RFC 9113, 7), and some that do not exist. */
const CODES = [...Array.from({ length: 14 }, (_, code) => code), 255, 2 ** 32 - 1];

/** Frames that may come anywhere, each as often as its name is drawn. */
const controls = {
  reset: (random, stream) => frame(TYPE.reset, FLAG.none, stream, number32(random.pick(CODES))),
  goaway: (random, stream) =>
    frame(
      TYPE.goAway,
      FLAG.none,
      random.chance(0.9) ? 0 : stream,
      Buffer.concat([number32(stream), number32(random.pick(CODES)), random.bytes(random.below(9))]),
    ),
  window: (random, stream) =>
    frame(TYPE.window, FLAG.none, stream, number32(random.pick([0, 1, 65_535, 2 ** 31 - 1, 2 ** 32 - 1]))),
  settings: (random, stream) =>
    frame(
      TYPE.settings,
      random.chance(0.3) ? FLAG.acknowledge : FLAG.none,
      random.chance(0.9) ? 0 : stream,
      settings(random),
    ),
  ping: (random, stream) =>
    frame(
      TYPE.ping,
      random.pick([0, 1, 255]),
      random.chance(0.9) ? 0 : stream,
      random.bytes(random.chance(0.8) ? 8 : random.below(12)),
    ),
  priority: (random, stream) => frame(TYPE.priority, FLAG.none, stream, priority(random, stream)),
  push: (random, stream) =>
    frame(
      TYPE.push,
      FLAG.endHeaders,
      stream,
      Buffer.concat([number32(random.below(9)), headerBlock([[":path", "/"]])]),
    ),
  "unknown frame": (random, stream) =>
    frame(10 + random.below(246), random.below(256), stream, random.bytes(random.below(40))),
  continuation: (random, stream) =>
    frame(TYPE.continuation, random.pick([0, FLAG.endHeaders]), stream, headerBlock([["x-late", "1"]])),
  "stray data": (random, stream) =>
    frame(TYPE.data, random.pick([0, FLAG.endStream]), stream, random.bytes(random.below(20))),
} as const satisfies Partial<Record<Oddity, (random: Random, stream: number) => Buffer>>;

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function priority(random: Random, stream: number): Buffer {
  return Buffer.concat([number32(random.pick([0, 1, stream, 2 ** 31 + 1])), random.bytes(1)]);
}

/**
 * Pairs of a setting's number and its value: the settings of RFC 9113 (1 to 6), extended CONNECT (8), and unknown ones.
 */
function settings(random: Random): Buffer {
  const values = [0, 1, 2, 100, 16_384, 16_383, 65_535, 2 ** 24 - 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
  const one = (): Buffer => Buffer.concat([Buffer.from([0, 1 + random.below(9)]), number32(random.pick(values))]);
  const all = Array.from({ length: random.below(5) }, one);
  return Buffer.concat(random.chance(0.1) ? [...all, random.bytes(3)] : all);
}

/** Merges many queues into one and keeps the order of each. */
function interleaved(random: Random, queues: readonly Buffer[][]): Buffer[] {
  const rest = queues.filter((queue) => queue.length > 0).map((queue) => [...queue]);
  const frames: Buffer[] = [];
  while (rest.length > 0) {
    const at = random.below(rest.length);
    frames.push(rest[at]!.shift()!);
    if (rest[at]!.length === 0) rest.splice(at, 1);
  }
  return frames;
}

/** The frames with some lost, some doubled, some too early or too late. */
function shuffled(random: Random, frames: readonly Buffer[]): Buffer[] {
  const kept = frames.flatMap((each) => (random.chance(0.1) ? [] : random.chance(0.1) ? [each, each] : [each]));
  if (random.chance(0.5) && kept.length > 0) {
    const [moved] = kept.splice(random.below(kept.length), 1);
    kept.splice(random.below(kept.length + 1), 0, moved!);
  }
  return kept;
}
