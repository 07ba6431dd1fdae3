/** A seed gives the same conversations each time, and conversations of every kind. */

import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { framesIn, PREFACE, TYPE } from "../support/hostile/frames.ts";
import { type Conversation, doorNames, formatConversation, parseConversation } from "./conversation.ts";
import { drawConversation } from "./generate.ts";
import { randomOf } from "./random.ts";
import { readReplay } from "./replay.ts";

const SEED = 2026;
const COUNT = 600;

const drawn = Array.from({ length: COUNT }, (_, number) => drawConversation(SEED, number));
const http2 = drawn.filter(({ about }) => about.startsWith("HTTP/2"));

/** A hash: a failure prints what it compares, and the lines are long. */
function printOf(conversation: Conversation): string {
  return hash("sha256", formatConversation(conversation));
}

function bytesOf({ writes }: Conversation): Buffer {
  return Buffer.concat(writes.map(({ bytes }) => bytes));
}

/** The frames behind the preface. Spoilt bytes have no frames that could be told apart. */
function framesOf(conversation: Conversation): ReturnType<typeof framesIn> {
  const bytes = bytesOf(conversation);
  return bytes.subarray(0, PREFACE.length).equals(PREFACE) ? framesIn(bytes.subarray(PREFACE.length)) : [];
}

test("the same seed and number are the same bytes, in the same writes", () => {
  const again = drawn.map((_, number) => drawConversation(SEED, number));
  expect(again.map(printOf)).toEqual(drawn.map(printOf));
});

test("another seed, or another number, is another conversation", () => {
  const lines = [...drawn, ...drawn.map((_, number) => drawConversation(SEED + 1, number))].map(printOf);
  expect(new Set(lines).size).toBe(lines.length);
});

test("a conversation that was printed can be said again", async () => {
  const lines = drawn.slice(0, 100).map(formatConversation);
  expect(lines.map(parseConversation).map(formatConversation)).toEqual(lines);
  const [byNumber] = await readReplay(`${SEED}/7`);
  const [byBytes] = await readReplay(lines[7]!);
  expect([byNumber, byBytes].map((each) => formatConversation(each!.conversation))).toEqual([lines[7], lines[7]]);
  const range = await readReplay(`${SEED}/7-9`);
  expect(range.map(({ conversation }) => formatConversation(conversation))).toEqual(lines.slice(7, 10));
});

test("conversations use every port, with TLS and without, and every way to end", () => {
  expect(new Set(drawn.map(({ door }) => door))).toEqual(new Set(doorNames));
  expect(new Set(drawn.map(({ tls }) => (typeof tls === "object" ? "TLS" : tls)))).toEqual(
    new Set(["TLS", "plain text", undefined]),
  );
  expect(new Set(drawn.map(({ end }) => end))).toEqual(new Set(["wait", "half-close", "close", "reset"]));
  expect(drawn.some(({ tls }) => typeof tls === "object" && tls.cutAfter !== undefined)).toBe(true);
});

test("conversations have frames of every type, and of types that do not exist", () => {
  const types = new Set(http2.flatMap(framesOf).map(({ type }) => type));
  for (const type of Object.values(TYPE)) expect(types).toContain(type);
  expect([...types].some((type) => type > TYPE.continuation)).toBe(true);
});

test("a reset comes right behind the headers of its stream, in the same write", () => {
  const together = http2
    .filter(({ about }) => about.includes("one write"))
    .flatMap((conversation) => {
      const frames = framesOf(conversation);
      return frames.filter(({ type, stream }, at) => {
        const next = frames[at + 1];
        return type === TYPE.headers && next?.type === TYPE.reset && next.stream === stream;
      });
    });
  expect(together.length).toBeGreaterThan(3);
});

test("some conversations are valid: broken ones get no further than the parser", () => {
  const plain = http2.filter(({ about }) => /^HTTP\/2, [a-z ]+$/.test(about));
  expect(plain.length).toBeGreaterThan(COUNT / 20);
});

test("draws are even, and repeat themselves", () => {
  const random = randomOf(1, 2);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw += 1) counts[random.below(10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect(randomOf(1, 2).bytes(8)).toEqual(randomOf(1, 2).bytes(8));
  expect(randomOf(1, 3).bytes(8)).not.toEqual(randomOf(1, 2).bytes(8));
});

/** One write with a call that the client resets soon after its headers: those headers, and the port that it goes to. */
interface BrokenOff {
  readonly door: string;
  readonly about: string;
  readonly headers: string;
}

function brokenOffIn({ door, about, writes }: Conversation): BrokenOff[] {
  const sent = writes[0]?.bytes ?? Buffer.alloc(0);
  if (writes.length !== 1 || !sent.subarray(0, PREFACE.length).equals(PREFACE)) return [];
  const frames: { readonly type: number; readonly stream: number; readonly text: string }[] = [];
  for (let at = PREFACE.length; at + 9 <= sent.length; at += 9 + sent.readUIntBE(at, 3)) {
    const text = sent.toString("latin1", at + 9, at + 9 + sent.readUIntBE(at, 3));
    frames.push({ type: sent.readUInt8(at + 3), stream: sent.readUInt32BE(at + 5), text });
  }
  return frames
    .filter(({ type, stream }, index) => {
      const next = frames.slice(index + 1, index + 4);
      return type === TYPE.headers && next.some((each) => each.type === TYPE.reset && each.stream === stream);
    })
    .map(({ text }) => ({ door, about, headers: text }));
}

/** Each of these has ended a process once. The generator does not know them: it draws them among others. */
test.each<[what: string, is: (broken: BrokenOff) => boolean]>([
  ["without a token, at a gRPC port", (it) => it.door.endsWith("grpc") && !it.headers.includes("authorization")],
  [
    "that expects 100-continue, at a Connect port",
    (it) => it.door.endsWith("connect") && it.headers.includes("100-continue"),
  ],
  [
    "with a token never seen before and a wrong content type, at a gRPC port",
    ({ door, about, headers }) =>
      door.endsWith("grpc") &&
      about.includes("fresh token") &&
      headers.includes("authorization") &&
      !headers.includes("application/grpc"),
  ],
])("a few thousand conversations have a call %s, reset in the same write", { timeout: 120_000 }, (_, is) => {
  const FEW_THOUSAND = 5000;
  const isThere = (number: number): boolean => brokenOffIn(drawConversation(SEED, number)).some(is);
  expect(Array.from({ length: FEW_THOUSAND }, (_each, number) => number).some(isThere)).toBe(true);
});
