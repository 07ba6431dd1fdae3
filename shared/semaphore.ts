/** Limits how many do something at once. */

import { monotonicMs } from "./clock.ts";
import { waitFor } from "./wait.ts";

/** Gives a permit back. Calling it again does nothing. */
export type Release = () => void;

export interface Semaphore {
  /**
   * A permit, first come, first served. Waits while permits go round; undefined: none was given back for `standstillMs`.
   * Rejects when `signal` aborts.
   */
  acquire(standstillMs: number, signal: AbortSignal): Promise<Release | undefined>;
}

export function createSemaphore(permits: number): Semaphore {
  let free = permits;
  let movedAt = -Infinity;
  /** The waiting, in order. Each is called once, with a permit that its holder has just given back. */
  const waiting = new Set<(release: Release) => void>();

  const permit = (): Release => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      movedAt = monotonicMs();
      const [next] = waiting;
      if (next === undefined) free += 1;
      else {
        waiting.delete(next);
        next(permit());
      }
    };
  };

  return {
    async acquire(standstillMs, signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return permit();
      }
      const { promise, resolve, reject } = Promise.withResolvers<Release | undefined>();
      const arrivedAt = monotonicMs();
      waiting.add(resolve);
      return await waitFor(promise, signal, {
        leave() {
          waiting.delete(resolve);
          reject(signal.reason);
        },
        late() {
          if (waiting.delete(resolve)) resolve(undefined);
        },
        lateAt: () => Math.max(arrivedAt, movedAt) + standstillMs,
      });
    },
  };
}
