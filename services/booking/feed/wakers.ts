/** Who sleeps until a host's feed grows. An idle watcher is one entry here and nothing else. */

export interface Wakers {
  /** Resolves when `wake` is next called for the host. To be armed *before* reading, so that no change falls between. */
  next(hostId: string): { readonly woken: Promise<void>; cancel(): void };
  wake(hostIds: Iterable<string>): void;
  /** The hosts that somebody sleeps for. */
  hostIds(): string[];
}

export function openWakers(): Wakers {
  const sleepers = new Map<string, Set<() => void>>();
  return {
    next(hostId) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const ofHost = sleepers.get(hostId) ?? new Set();
      sleepers.set(hostId, ofHost.add(resolve));
      const cancel = (): void => {
        ofHost.delete(resolve);
        if (ofHost.size === 0 && sleepers.get(hostId) === ofHost) sleepers.delete(hostId);
      };
      return { woken: promise, cancel };
    },
    wake(hostIds) {
      for (const hostId of hostIds) {
        const ofHost = sleepers.get(hostId);
        sleepers.delete(hostId);
        for (const resolve of ofHost ?? []) resolve();
      }
    },
    hostIds: () => [...sleepers.keys()],
  };
}
