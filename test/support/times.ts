/** Intervals as messages have them, and back. */

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Interval } from "../../shared/interval.ts";

export interface Times {
  readonly startTime: Timestamp;
  readonly endTime: Timestamp;
}

export function timesOf({ start, end }: Interval): Times {
  return { startTime: timestampFromMs(start), endTime: timestampFromMs(end) };
}

/** Throws where an end is missing. */
export function intervalOf({
  startTime,
  endTime,
}: { readonly [End in keyof Times]?: Times[End] | undefined }): Interval {
  if (startTime === undefined || endTime === undefined) throw new Error("a range lacks an end");
  return { start: timestampMs(startTime), end: timestampMs(endTime) };
}
