/** Limits how many do something at once. */

/** Gives a permit back. Calling it again does nothing. */
export type Release = () => void;

export interface Semaphore {
  /** A permit, first come, first served; undefined if none becomes free within `waitMs`. Rejects when `signal` aborts. */
  acquire(waitMs: number, signal: AbortSignal): Promise<Release | undefined>;
}

export function createSemaphore(permits: number): Semaphore {
  let free = permits;
  /** The waiting, in order. Each is called once, with a permit that its holder has just given back. */
  const waiting = new Set<(release: Release) => void>();

  const permit = (): Release => {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = waiting;
      if (next === undefined) free += 1;
      else {
        waiting.delete(next);
        next(permit());
      }
    };
  };

  return {
    async acquire(waitMs, signal) {
      signal.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return permit();
      }
      const turn = Promise.withResolvers<Release | undefined>();
      const leave = (): void => {
        if (waiting.delete(turn.resolve)) turn.resolve(undefined);
      };
      waiting.add(turn.resolve);
      const timer = setTimeout(leave, Math.max(0, waitMs));
      signal.addEventListener("abort", leave, { once: true });
      try {
        const release = await turn.promise;
        if (release === undefined) signal.throwIfAborted();
        return release;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", leave);
      }
    },
  };
}
