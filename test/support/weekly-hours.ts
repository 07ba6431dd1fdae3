/** Weekly hours as tests write them. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SetWeeklyHoursRequestSchema } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import type { WeeklyRangeSchema } from "../../shared/gen/availability/v1/weekly_hours_pb.ts";
import { DayOfWeek } from "../../shared/gen/google/type/dayofweek_pb.ts";
import type { Instant } from "../../shared/interval.ts";

type Range = MessageInitShape<typeof WeeklyRangeSchema>;

export const EVERY_DAY = [
  DayOfWeek.MONDAY,
  DayOfWeek.TUESDAY,
  DayOfWeek.WEDNESDAY,
  DayOfWeek.THURSDAY,
  DayOfWeek.FRIDAY,
  DayOfWeek.SATURDAY,
  DayOfWeek.SUNDAY,
];

/** The same ranges on each of some days: `daily("09:00-12:30", "13:30-17:00")`. */
export function daily(...ranges: readonly string[]): Range[] {
  return EVERY_DAY.flatMap((day) =>
    ranges.map((range) => {
      const [start = "", end = ""] = range.split("-");
      return { day, start, end };
    }),
  );
}

/** A request for hours of UTC in slots of half an hour, but for what is said otherwise. */
export function hoursRequest(
  hostId: string,
  ranges: readonly Range[],
  others: MessageInitShape<typeof SetWeeklyHoursRequestSchema> = {},
): MessageInitShape<typeof SetWeeklyHoursRequestSchema> {
  return { hostId, timeZone: "UTC", slotDurationMinutes: 30, ranges: [...ranges], ...others };
}

/** The date of an instant in UTC. */
export function dateOf(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 10);
}
