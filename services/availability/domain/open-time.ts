/** Open time: what can be booked, derived from what was said. */

import { difference, type Interval, merge } from "../../../shared/interval.ts";
import { clip, hoursWithin, type Period } from "./weekly-hours.ts";

/** What is known of a host's open time, as it was said. */
export interface Intent {
  /** By date. */
  readonly periods: readonly Period[];
  /** Open beside weekly hours: by start, neither overlapping nor touching. */
  readonly openings: readonly Interval[];
  /** Where weekly hours do not reach: by start, neither overlapping nor touching. */
  readonly closures: readonly Interval[];
}

/** Weekly hours minus closures, plus openings, within a window: merged, by start. */
export function openTime(intent: Intent, window: Interval): Interval[] {
  const { periods, openings, closures } = intent;
  const hours = difference(hoursWithin(periods, window), closures);
  const opened = openings.map((each) => clip(each, window)).filter((each) => each !== undefined);
  return merge([...hours, ...opened]);
}
