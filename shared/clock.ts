/**
 * The process's monotonic clock: for deadlines and ages, never for what is stored. What time it *is* only the database
 * says, after the locks.
 */

/** Milliseconds on a scale of this process that never goes back. */
export function monotonicMs(): number {
  return performance.now();
}
