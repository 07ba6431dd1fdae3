/** Damages bytes without knowing what they mean. */

import type { Random } from "./random.ts";

const ODD_BYTES = [0, 1, 9, 10, 13, 32, 58, 127, 128, 192, 254, 255];
const INSERTED_MAX = 12;

/** The bytes with one to three faults. */
export function spoil(random: Random, bytes: Buffer): Buffer {
  let spoilt = bytes;
  for (let count = 1 + random.below(3); count > 0; count -= 1) spoilt = random.pick(faults)(random, spoilt);
  return spoilt;
}

type Fault = (random: Random, bytes: Buffer) => Buffer;

const faults: readonly Fault[] = [flipBit, overwrite, insert, repeat, drop, cutShort];

function flipBit(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = random.below(copy.length);
  if (copy.length > 0) copy[at] = copy[at]! ^ (1 << random.below(8));
  return copy;
}

function overwrite(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[random.below(copy.length)] = random.pick(ODD_BYTES);
  return copy;
}

function insert(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(INSERTED_MAX)), bytes.subarray(at)]);
}

function repeat(random: Random, bytes: Buffer): Buffer {
  const [start, end] = range(random, bytes);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
}

function drop(random: Random, bytes: Buffer): Buffer {
  const [start, end] = range(random, bytes);
  return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
}

function cutShort(random: Random, bytes: Buffer): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function range(random: Random, bytes: Buffer): [start: number, end: number] {
  const start = random.below(bytes.length + 1);
  return [start, start + random.below(Math.min(64, bytes.length - start) + 1)];
}
