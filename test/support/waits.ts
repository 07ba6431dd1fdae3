/** Waiting for conditions, never for time. */

import { vi } from "vitest";

/**
 * More than anything takes on a machine whose processors others use, and less than the limits of 30 s by which the services
 * end what was forgotten: what comes to pass within it has not been left to those.
 */
const PATIENCE_MS = 20_000;

/** How long processes may take to start, which is mostly the processor's time: nothing else ends this wait. */
export const START_MAX_MS = 100_000;

/** Resolves when `check` throws no more, with what it returns. Rejects with its last error if it goes on throwing. */
export function waitFor<T>(check: () => T | Promise<T>, timeout = PATIENCE_MS) {
  return vi.waitFor(check, { timeout, interval: 20 });
}

/** Resolves with what `condition` returns when that is not falsy. Rejects if it stays so. */
export function waitUntil<T>(condition: () => T | Promise<T>, timeout = PATIENCE_MS) {
  return vi.waitUntil(condition, { timeout, interval: 5 });
}
