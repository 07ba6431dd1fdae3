/** Calendars, for tests of what is decided by one. */

import type { Calendar, OpenInterval } from "../../services/booking/domain/calendar.ts";
import type { Rules } from "../../services/booking/domain/rules.ts";
import { INSTANTS_END } from "../../shared/limits.ts";

/** From long before 1970 on: the clock of some tests begins there. */
const ALWAYS: OpenInterval = { start: -INSTANTS_END, end: INSTANTS_END, origin: -INSTANTS_END };

/** Rules that allow every start and end, one booking at a time. */
export const ANY_TIME: Rules = {
  slotMs: 1,
  noticeMs: 0,
  horizonMs: Infinity,
  bufferBeforeMs: 0,
  bufferAfterMs: 0,
  seats: 1,
};

/** A calendar that is open all the time. Its rules are those that allow most, but for the given ones. */
export function openCalendar(generation: number, rules: Partial<Rules> = {}): Calendar {
  return { generation, covered: ALWAYS, intervals: [ALWAYS], rules: { ...ANY_TIME, ...rules } };
}

/** A calendar that is never open. */
export function closedCalendar(generation: number): Calendar {
  return { ...openCalendar(generation), intervals: [] };
}
