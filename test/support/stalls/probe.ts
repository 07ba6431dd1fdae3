/**
 * How long one turn of this process's event loop keeps all other calls waiting. In time of the thread's own CPU: what other
 * processes take of the machine meanwhile is not counted.
 */

import { threadCpuUsage } from "node:process";

/** Turns that are shorter than this may count as one. */
const TICK_MS = 1;

export interface Turns {
  /** Ends the watch. In milliseconds: the longest turn since its begin, and all turns together. */
  stop(): { readonly longestMs: number; readonly altogetherMs: number };
}

export function watchTurns(): Turns {
  const begun = cpuMs();
  let last = begun;
  let longest = 0;
  let next = setTimeout(look, TICK_MS);
  function look(): void {
    note();
    next = setTimeout(look, TICK_MS);
  }
  function note(): void {
    const now = cpuMs();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return {
    stop() {
      clearTimeout(next);
      note();
      return { longestMs: longest, altogetherMs: last - begun };
    },
  };
}

const TEXT = JSON.stringify(
  Array.from({ length: 100 }, (_, index) => ({ index, name: `name ${index}`, all: [index] })),
);
/** So often takes 50 ms on an idle machine of the year 2026. */
const ROUNDS = 1_800;

/** How long the calibrated loop takes here and now, in milliseconds: what no turn may exceed. */
export function loopMs(): number {
  const begun = cpuMs();
  for (let round = 0; round < ROUNDS; round += 1) JSON.parse(TEXT);
  return cpuMs() - begun;
}

function cpuMs(): number {
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}
