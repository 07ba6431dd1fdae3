/** Who sleeps until a host's feed grows. An idle watcher is one entry here and nothing else. */

import { monotonicMs } from "../../../shared/clock.ts";
import { waitFor } from "../../../shared/wait.ts";

export interface Wakers {
  /** Somebody who is about to sleep for the host. To be armed *before* reading, so that no change falls between. */
  next(hostId: string): Sleeper;
  wake(hostIds: Iterable<string>): void;
  /** The hosts that have sleepers. */
  hostIds(): string[];
}

export interface Sleeper {
  /**
   * Resolves when `wake` has been called for the host since this sleeper was armed, or after `maxMs`; from then on it can
   * sleep on. Rejects with the signal's reason when that aborts. One sleep at a time.
   */
  sleep(maxMs: number, signal: AbortSignal): Promise<"woken" | "late">;
  /** To be called when the last sleeper is gone. */
  cancel(): void;
}

export function openWakers(): Wakers {
  const sleepers = new Map<string, Set<() => void>>();
  return {
    next(hostId) {
      let isWoken = false;
      // Not a promise of the waking that each sleep waits for: one that slept for days would collect all their reactions.
      let rouse: (() => void) | undefined;
      const wake = (): void => {
        isWoken = true;
        rouse?.();
      };
      const ofHost = sleepers.get(hostId) ?? new Set();
      sleepers.set(hostId, ofHost.add(wake));
      return {
        async sleep(maxMs, signal) {
          signal.throwIfAborted();
          if (isWoken) return "woken";
          const { promise, resolve, reject } = Promise.withResolvers<"woken" | "late">();
          rouse = () => resolve("woken");
          const lateAt = monotonicMs() + maxMs;
          return await waitFor(promise, signal, {
            leave: () => reject(signal.reason),
            late: () => resolve("late"),
            lateAt: () => lateAt,
          });
        },
        cancel() {
          ofHost.delete(wake);
          if (ofHost.size === 0 && sleepers.get(hostId) === ofHost) sleepers.delete(hostId);
        },
      };
    },
    wake(hostIds) {
      for (const hostId of hostIds) {
        const ofHost = sleepers.get(hostId);
        sleepers.delete(hostId);
        for (const wake of ofHost ?? []) wake();
      }
    },
    hostIds: () => [...sleepers.keys()],
  };
}
