/** Makes a conversation from two numbers, the seed and its own. */

import { type Conversation, type DoorName, doorNames, type Pause, type Tls, type Write } from "./conversation.ts";
import { drawHttp1 } from "./http1.ts";
import { drawHttp2 } from "./http2.ts";
import { type Random, randomOf } from "./random.ts";
import { drawSwarm } from "./swarm.ts";

const TLS_SHARE = 0.15;
/** The gRPC ports speak HTTP/2 only, the gateway HTTP/1.1 only. */
const WRONG_PROTOCOL_SHARE = 0.03;
const BYTE_BY_BYTE_MAX = 3000;

/** The conversation of that number in the run of that seed. */
export function drawConversation(seed: number, number: number): Conversation {
  const random = randomOf(seed, number);
  const door = random.pick(doorNames);
  const { swarm, drawn } = drawSwarm(random);
  const secure = random.chance(TLS_SHARE) ? drawTls(random) : undefined;
  const isHttp2 = random.chance(http2Share(door));
  const parts = isHttp2 ? drawHttp2(random, swarm, door) : drawHttp1(random, swarm, door);
  const { how, writes } = split(random, parts);
  const end = random.pick(["wait", "wait", "wait", "half-close", "half-close", "close", "reset"] as const);
  const protocol = isHttp2 ? "HTTP/2" : "HTTP/1.1";
  return { door, tls: secure, writes, end, about: [protocol, how, ...drawn].join(", ") };
}

function http2Share(door: DoorName): number {
  if (door === "gateway") return WRONG_PROTOCOL_SHARE;
  return door.endsWith("grpc") ? 1 - WRONG_PROTOCOL_SHARE : 0.5;
}

function drawTls(random: Random): Tls | "plain text" {
  if (random.chance(0.1)) return "plain text";
  const alpn = random.pick([["h2"], ["h2"], ["http/1.1"], ["http/1.1"], ["h2", "http/1.1"], [], ["nonsense"]]);
  return random.chance(0.2) ? { alpn, cutAfter: random.below(3000) } : { alpn };
}

/** The same bytes in one write, in a write for each part, or cut anywhere; sometimes without the last of them. */
function split(random: Random, parts: readonly Buffer[]): { readonly how: string; readonly writes: readonly Write[] } {
  const all = Buffer.concat(parts);
  const sent = random.chance(0.1) ? all.subarray(0, random.below(all.length + 1)) : all;
  const pause = (): Pause => (random.chance(0.8) ? "nothing" : random.chance(0.7) ? "a turn" : "an answer");
  const pauses = random.chance(0.5) ? pause : (): Pause => "nothing";
  switch (random.below(6)) {
    case 0:
    case 1:
    case 2:
      return { how: "one write", writes: [{ bytes: sent, pause: "nothing" }] };
    case 3:
      return { how: "part by part", writes: parts.map((bytes) => ({ bytes, pause: pauses() })) };
    case 4:
      if (sent.length <= BYTE_BY_BYTE_MAX) {
        return {
          how: "byte by byte",
          writes: Array.from(sent, (byte) => ({ bytes: Buffer.from([byte]), pause: "nothing" as const })),
        };
      }
  }
  const cuts = Array.from({ length: 1 + random.below(5) }, () => random.below(sent.length + 1)).toSorted(
    (a, b) => a - b,
  );
  const edges = [0, ...cuts, sent.length];
  const pieces = edges.slice(1).map((end, index) => sent.subarray(edges[index], end));
  return {
    how: "cut anywhere",
    writes: pieces.filter((bytes) => bytes.length > 0).map((bytes) => ({ bytes, pause: pauses() })),
  };
}
