/** What can be booked of a host's open time. */

import type { Instant, Interval } from "../../../shared/interval.ts";

export interface Rules {
  /** The length of one slot. It has no meaning where the host has no open time. */
  readonly slotMs: number;
  /** A booking starts at least so long after now. */
  readonly noticeMs: number;
  /** A booking starts at most so long after now. Infinity: however long. */
  readonly horizonMs: number;
  readonly bufferBeforeMs: number;
  readonly bufferAfterMs: number;
  /** So many bookings there may be at a time. */
  readonly seats: number;
}

/** The time in which a booking has its seat: with the buffers, which may reach outside open time. */
export function occupied({ bufferBeforeMs, bufferAfterMs }: Rules, { start, end }: Interval): Interval {
  return { start: start - bufferBeforeMs, end: end + bufferAfterMs };
}

/** The first and the last instant at which a booking may start. */
export function startsWithin(rules: Rules, { now, ignoresNotice }: { now: Instant; ignoresNotice: boolean }) {
  return { soonest: ignoresNotice ? now : now + rules.noticeMs, latest: now + rules.horizonMs };
}
