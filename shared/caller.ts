/** Whoever waits for an answer, and may stop waiting. */

import { setTimeout as pause } from "node:timers/promises";

/** The part of a call that code below the RPCs needs: until when, and whether still, somebody waits. */
export interface Caller {
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, on the scale of `monotonicMs`. */
  readonly deadline: number;
}

/** What a caller waits longer before each further attempt at something that others keep changing. */
const ATTEMPT_PAUSE_MS = 10;

/** Waits a little, longer after each attempt and never in step with others. Rejects when the caller leaves. */
export async function pauseAfter(attempt: number, { signal }: Pick<Caller, "signal">): Promise<void> {
  await pause(attempt * ATTEMPT_PAUSE_MS * Math.random(), undefined, { signal });
}

/**
 * An answer that others wait for too. If the caller leaves first, its own wait ends with the signal's reason, and the answer
 * is still on its way for everybody else.
 */
export async function unlessGone<T>(answer: Promise<T>, caller: Pick<Caller, "signal">): Promise<T> {
  const { signal } = caller;
  // Listened to in any case: the late failure of an answer that nobody waits for any more would end the process.
  answer.catch(() => undefined);
  signal.throwIfAborted();
  const gone = Promise.withResolvers<never>();
  const leave = (): void => gone.reject(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([answer, gone.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
