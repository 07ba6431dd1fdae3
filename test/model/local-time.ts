/** What clocks on the wall show in each quarter, by `Intl`, and from that when they show something: slow, and by another way than the service's. */

import type { Instant } from "../../shared/interval.ts";
import { MINUTE_MS } from "../../shared/time-units.ts";
import { instantOf, QUARTERS_A_DAY } from "./quarters.ts";

/** The quarters in which weekly hours are looked at. No run of open time that the tests can see is longer, unless it never ends. */
export const KNOWN = { start: -9 * QUARTERS_A_DAY, end: 14 * QUARTERS_A_DAY };

/** In which clocks are looked at: more, so that every date is whole that has a part in them. */
const LOOKED_AT = { start: KNOWN.start - 2 * QUARTERS_A_DAY, end: KNOWN.end + 2 * QUARTERS_A_DAY };

/** What a clock shows, in quarters since 1970-01-01T00:00. */
export type Shown = number;

interface Zone {
  /** From the first quarter on that is looked at. */
  readonly shown: readonly Shown[];
  readonly when: Map<Shown, number>;
}

const zones = new Map<string, Zone>();

function zoneOf(timeZone: string): Zone {
  const known = zones.get(timeZone);
  if (known !== undefined) return known;
  const clock = clockOf(timeZone);
  const shown = Array.from({ length: LOOKED_AT.end - LOOKED_AT.start }, (_, index) =>
    clock(instantOf(LOOKED_AT.start + index)),
  );
  const zone = { shown, when: new Map<Shown, number>() };
  zones.set(timeZone, zone);
  return zone;
}

function clockOf(timeZone: string): (instant: Instant) => Shown {
  const fields = ["year", "month", "day", "hour", "minute"] as const;
  const numeric = Object.fromEntries(fields.map((field) => [field, "numeric"]));
  const format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...numeric });
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type as string, Number(value)]));
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = fields.map((field) => parts.get(field));
    return Date.UTC(year, month - 1, day, hour, minute) / (15 * MINUTE_MS);
  };
}

/**
 * The first quarter in which clocks show something. If they skip it, they are thought not to have been moved yet: so long after
 * the last quarter before.
 */
export function firstShown(timeZone: string, wanted: Shown): number {
  const { shown, when } = zoneOf(timeZone);
  const found = when.get(wanted);
  if (found !== undefined) return found;
  const index = shown.findIndex((each) => each >= wanted);
  const before = shown[index - 1];
  if (before === undefined) throw new Error(`no clock of the model shows ${wanted} in ${timeZone}`);
  const quarter = LOOKED_AT.start + index - 1 + (wanted - before);
  when.set(wanted, quarter);
  return quarter;
}

/** The days since 1970-01-01 that are whole in what is looked at: all that have a part in the known quarters. */
export function daysIn(timeZone: string): number[] {
  const { shown } = zoneOf(timeZone);
  const first = Math.floor((shown[0] ?? 0) / QUARTERS_A_DAY) + 1;
  const end = Math.floor((shown.at(-1) ?? 0) / QUARTERS_A_DAY);
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** What is a date's first quarter on a clock. */
export function midnightOf(date: string): Shown {
  return Date.parse(`${date}T00:00Z`) / (15 * MINUTE_MS);
}

/** The date in a zone, such as 2027-03-28. */
export function today(timeZone: string, now: Instant): string {
  return new Date(clockOf(timeZone)(now) * 15 * MINUTE_MS).toISOString().slice(0, 10);
}
