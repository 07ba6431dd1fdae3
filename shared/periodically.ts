import type { Logger } from "pino";

export interface Periodic {
  /** Ends it: aborts the signal of a run that is under way, and waits for that run. */
  stop(): Promise<void>;
}

/**
 * Runs a task every `intervalMs` milliseconds, the first time after one interval, and never twice at once. A run that
 * fails is logged and the next one is tried: a task that must not be lost does not belong here.
 */
export function periodically(
  name: string,
  intervalMs: number,
  task: (signal: AbortSignal) => Promise<unknown>,
  log: Logger,
): Periodic {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      await task(stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted)
        log.warn({ err: error, task: name }, "a periodic task failed; it is tried again later");
    }
  };
  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = undefined;
    });
  }, intervalMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}
