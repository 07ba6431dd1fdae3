/** Calendars, for tests of what is decided by one. */

import type { Calendar, OpenInterval } from "../../services/booking/domain/calendar.ts";
import { INSTANTS_END } from "../../shared/limits.ts";

/** From long before 1970 on: the clock of some tests begins there. */
const ALWAYS: OpenInterval = { start: -INSTANTS_END, end: INSTANTS_END, origin: -INSTANTS_END };

/** A calendar that is open all the time and allows every start and end. */
export function openCalendar(generation: number): Calendar {
  return { generation, covered: ALWAYS, intervals: [ALWAYS], slotMs: 1 };
}

/** A calendar that is never open. */
export function closedCalendar(generation: number): Calendar {
  return { ...openCalendar(generation), intervals: [] };
}
