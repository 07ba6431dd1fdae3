/**
 * Random numbers that repeat: the same seed and number draw the same. Sfc32, whose period no conversation comes near.
 */

import { createHash } from "node:crypto";

export interface Random {
  /** A whole number from 0 to `end` - 1. */
  below(end: number): number;
  /** True with this probability, from 0 (never) to 1 (always). */
  chance(share: number): boolean;
  pick<T>(from: readonly T[]): T;
  bytes(count: number): Buffer;
  /** Takes each of them with the same probability. */
  some<T>(from: readonly T[], share: number): T[];
}

/** The random numbers of one conversation. Each conversation has its own stream. */
export function randomOf(seed: number, number: number): Random {
  const start = createHash("sha256").update(`${seed}/${number}`).digest();
  let [a, b, c, counter] = [start.readInt32LE(0), start.readInt32LE(4), start.readInt32LE(8), 1];
  const next = (): number => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  const random: Random = {
    below: (end) => Math.floor((next() / 2 ** 32) * end),
    chance: (share) => next() / 2 ** 32 < share,
    pick: (from) => from[random.below(from.length)]!,
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => random.below(256))),
    some: (from, share) => from.filter(() => random.chance(share)),
  };
  return random;
}
