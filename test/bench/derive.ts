/** The row `derive` and its floor: a year of open time, derived from weekly hours or read from stored intervals. */

import { type Intent, openTime } from "../../services/availability/domain/open-time.ts";
import type { Interval } from "../../shared/interval.ts";
import { WINDOW_MAX_MS } from "../../shared/limits.ts";
import { DAY_MS, HOUR_MS } from "../../shared/time-units.ts";
import { drive, type Measured } from "./drive.ts";
import { answerQuestions } from "./worker.ts";

export interface DeriveQuestion {
  readonly from: "hours" | "intervals";
  readonly durationMs: number;
}

const CLOSURES = 50;
const OPENINGS = 50;

/** A year in which clocks are moved twice. */
const START = Date.UTC(2027, 0, 1);
const window: Interval = { start: START, end: START + WINDOW_MAX_MS };

/** Monday to Friday with a lunch break, a day's closure or an opening in most weeks. */
const told: Intent = {
  periods: [
    {
      fromDate: "2026-01-01",
      timeZone: "Europe/Berlin",
      ranges: [1, 2, 3, 4, 5].flatMap((day) => [
        { day, start: 9 * 60, end: 12 * 60 },
        { day, start: 13 * 60, end: 17 * 60 },
      ]),
    },
  ],
  closures: inEachWeek(CLOSURES, 3 * DAY_MS, DAY_MS),
  openings: inEachWeek(OPENINGS, DAY_MS + 10 * HOUR_MS, 4 * HOUR_MS),
};
const open = openTime(told, window);
const stored: Intent = { periods: [], closures: told.closures, openings: open };

answerQuestions(async ({ from, durationMs }: DeriveQuestion): Promise<Measured> => {
  const intent = from === "hours" ? told : stored;
  return drive(async () => (openTime(intent, window).length === open.length ? "open" : "another"), {
    inFlight: 1,
    durationMs,
    callsMax: Infinity,
  });
});

function inEachWeek(count: number, offsetMs: number, lengthMs: number): Interval[] {
  return Array.from({ length: count }, (_, week) => {
    const start = START + week * 7 * DAY_MS + offsetMs;
    return { start, end: start + lengthMs };
  });
}
