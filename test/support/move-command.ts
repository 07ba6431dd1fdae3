import type { CreateCommand, RescheduleCommand } from "../../services/booking/domain/command.ts";
import type { Interval } from "../../shared/interval.ts";
import { openCalendar } from "./calendars.ts";

/** Moves a booking of a host that is always open, of generation 0. */
export function moveCommand(
  { hostId, bookingId }: Pick<CreateCommand, "hostId" | "bookingId">,
  during: Interval,
  change: Partial<RescheduleCommand> = {},
): RescheduleCommand {
  const asked = { kind: "reschedule", hostId, bookingId, actor: "tester", during } as const;
  return { ...asked, ignoresNotice: false, calendar: openCalendar(0), ...change };
}
