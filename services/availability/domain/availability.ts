import type { Instant, Interval } from "../../../shared/interval.ts";

/**
 * A run of a host's open time. Those of one host neither overlap nor touch and have one slot duration; `start` is the origin of
 * the slot grid.
 */
export interface Availability extends Interval {
  readonly hostId: string;
  readonly start: Instant;
  readonly end: Instant;
  readonly slotDurationMinutes: number;
}
