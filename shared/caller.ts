/** The caller, who waits for an answer and may stop waiting. */

import { setTimeout as pause } from "node:timers/promises";
import { monotonicMs } from "./clock.ts";
import type { Trace } from "./trace.ts";

/** The part of a call that code below the RPCs needs: until when the caller waits, and whether it still does. */
export interface Caller {
  /** Aborted when the caller waits no more. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, on the scale of `monotonicMs`. */
  readonly deadline: number;
  /** The call's trace, to be handed on with what is done for the call. */
  readonly trace?: Trace | undefined;
}

/** Added to the pause before each further attempt (linear back-off). */
const ATTEMPT_PAUSE_MS = 10;

/**
 * What is left until `deadline` (on the scale of `monotonicMs`), at most `ceilingMs`: a timeout for a wait or for a call to a
 * peer. At least 1, also if nothing is left: connect-es takes 0 and less for no timeout at all.
 */
export function timeoutWithin(deadline: number, ceilingMs: number): number {
  return Math.max(1, Math.floor(Math.min(ceilingMs, deadline - monotonicMs())));
}

/** Waits a little, longer after each attempt and never in step with others. Rejects when the caller leaves. */
export async function pauseAfter(attempt: number, { signal }: Pick<Caller, "signal">): Promise<void> {
  await pause(attempt * ATTEMPT_PAUSE_MS * Math.random(), undefined, { signal });
}

/**
 * Waits for an answer that other callers wait for too. If this caller leaves first, only its own wait ends, with the signal's
 * reason.
 */
export async function unlessGone<T>(answer: Promise<T>, caller: Pick<Caller, "signal">): Promise<T> {
  const { signal } = caller;
  // Always handled: an answer that fails after its last caller has left would end the process.
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
