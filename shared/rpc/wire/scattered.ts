/** A time from `ms` to half as much again. What began together (after a restart, say) does not end together so. */
export function scattered(ms: number): number {
  return ms * (1 + Math.random() / 2);
}
