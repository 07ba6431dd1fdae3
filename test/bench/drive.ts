/** A closed loop: a number of callers, each of which calls again as soon as it is answered. */

export interface Effort {
  readonly inFlight: number;
  /** No call begins later than this. */
  readonly durationMs: number;
  /** No more calls than this. */
  readonly callsMax: number;
}

export interface Measured {
  readonly calls: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** `call` makes the call of a number, from 0 on, and resolves with its status. */
export async function drive(call: (number: number) => Promise<string>, effort: Effort): Promise<Measured> {
  const { inFlight, durationMs, callsMax } = effort;
  const tookMs: number[] = [];
  const statuses: Record<string, number> = {};
  const begun = performance.now();
  let next = 0;

  async function caller(): Promise<void> {
    for (let now = performance.now(); now - begun < durationMs && next < callsMax; now = performance.now()) {
      const number = next;
      next += 1;
      const status = await call(number);
      tookMs.push(performance.now() - now);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }

  await Promise.all(Array.from({ length: inFlight }, caller));
  const seconds = (performance.now() - begun) / 1000;
  const sorted = Float64Array.from(tookMs).toSorted();
  const quantile = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
  return { calls: sorted.length, seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), statuses };
}
