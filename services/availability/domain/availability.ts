import type { Instant, Interval } from "../../../shared/interval.ts";

/**
 * A stored interval of a host. Those of one host neither overlap nor touch and have one slot duration; `start` is the
 * origin of the slot grid.
 */
export interface Availability extends Interval {
  /** UUID. A merge or a removal replaces intervals, so ids do not outlive one. */
  readonly id: string;
  readonly hostId: string;
  readonly start: Instant;
  readonly end: Instant;
  readonly slotDurationMinutes: number;
}
