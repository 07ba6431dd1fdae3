/**
 * What a conversation may do wrong. Each conversation draws a part of the list (swarm testing). If all of it were
 * allowed at once, one fault would end most conversations before another had its chance, and no two faults would ever
 * meet alone.
 */

import type { Random } from "./random.ts";

const oddities = [
  "no token",
  "fresh token",
  "odd token",
  "odd content type",
  "expect",
  "odd headers",
  "odd pseudo-headers",
  "odd timeout",
  "trace",
  "odd message",
  "odd framing",
  "trailers",
  "reset",
  "goaway",
  "window",
  "settings",
  "ping",
  "priority",
  "push",
  "unknown frame",
  "continuation",
  "stray data",
  "shuffled",
  "noise",
  "many calls",
] as const;

export type Oddity = (typeof oddities)[number];

/** Whether something odd happens now: never in a conversation that has not drawn it. */
export type Swarm = (oddity: Oddity, share?: number) => boolean;

const DRAWN_SHARES = [0, 0.1, 0.25, 0.5];
/** The probability of an oddity that was drawn, unless its place says another. */
const HAPPENS_SHARE = 0.5;

export function drawSwarm(random: Random): { readonly swarm: Swarm; readonly drawn: readonly Oddity[] } {
  const drawn = random.some(oddities, random.pick(DRAWN_SHARES));
  return { drawn, swarm: (oddity, share = HAPPENS_SHARE) => drawn.includes(oddity) && random.chance(share) };
}
