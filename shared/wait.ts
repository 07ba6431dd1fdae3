/** A wait that something else ends, unless its time is over or its caller leaves first. */

import { monotonicMs } from "./clock.ts";

/** How a wait ends early. Both functions have to settle what is waited for, at once. */
export interface EarlyEnds {
  /** Called when the caller leaves. */
  readonly leave: () => void;
  /** Called when the time is over. */
  readonly late: () => void;
  /** When that is, on the scale of `monotonicMs`. Asked again when it has come: it may have moved meanwhile. */
  readonly lateAt: () => number;
}

/** What `end` settles with. Leaves neither a timer nor a listener: a signal may outlive a million waits. */
export async function waitFor<T>(end: Promise<T>, signal: AbortSignal, { leave, late, lateAt }: EarlyEnds): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const leftMs = lateAt() - monotonicMs();
    if (leftMs > 0) timer = setTimeout(look, leftMs);
    else late();
  };
  look();
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await end;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
