/** The window of a list whose ends may be left out. */

import { type Instant, type Interval, interval } from "../../interval.ts";
import { INSTANTS_END, WINDOW_MAX_MS } from "../../limits.ts";
import { invalidRequest } from "./invalid-request.ts";
import { wrongEnd } from "./rules.ts";

/**
 * The window from `startTime` (or `now`, where it is unset) to `endTime` (or as far as a window may reach). Throws Refusal
 * INVALID_REQUEST if an end that was given is not later than the start, or too much later.
 */
export function windowAt(
  asked: { readonly startTime?: Instant | undefined; readonly endTime?: Instant | undefined },
  now: Instant,
): Interval {
  const start = asked.startTime ?? now;
  const end = asked.endTime ?? Math.min(start + WINDOW_MAX_MS, INSTANTS_END - 1);
  const description = wrongEnd(start, end, WINDOW_MAX_MS, "the start, which is now if unset");
  if (description !== undefined) throw invalidRequest([{ field: "end_time", description }]);
  return interval(start, end);
}
