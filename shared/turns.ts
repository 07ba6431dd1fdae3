/** Lets one after another do something to the same thing, in this process. */

import type { Release, Semaphore } from "./semaphore.ts";
import { createSemaphore } from "./semaphore.ts";

export interface Turns {
  /**
   * The turn at `key`, first come, first served; undefined if it was not had within `waitMs`. Rejects when `signal` aborts.
   * Nobody waits for those at another key.
   */
  take(key: string, waitMs: number, signal: AbortSignal): Promise<Release | undefined>;
  /** How many keys somebody is at, or waits for. */
  keyCount(): number;
}

export function createTurns(): Turns {
  const queues = new Map<string, { readonly turn: Semaphore; readonly people: Set<object> }>();
  return {
    async take(key, waitMs, signal) {
      const queue = queues.get(key) ?? { turn: createSemaphore(1), people: new Set() };
      queues.set(key, queue);
      const me = {};
      queue.people.add(me);
      const leave = (): void => {
        queue.people.delete(me);
        // Kept for nobody, every key that there ever was would stay in memory.
        if (queue.people.size === 0 && queues.get(key) === queue) queues.delete(key);
      };
      let release: Release | undefined;
      try {
        release = await queue.turn.acquire(waitMs, signal);
      } finally {
        if (release === undefined) leave();
      }
      return release && (() => (release(), leave()));
    },
    keyCount: () => queues.size,
  };
}
