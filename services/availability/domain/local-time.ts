/**
 * Local times of an IANA time zone as instants, by Temporal and RFC 5545, 3.3.5: a time that does not exist is read with the
 * offset before the gap, one that occurs twice is its first occurrence. The zone of the process plays no part.
 */

import type { Instant } from "../../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/time-units.ts";

/** A calendar date without a zone: whole days since 1970-01-01. */
export type Day = number;

/** A date as it passes in one zone. */
export interface LocalDay {
  /** Its first instant. Of a date that does not occur in the zone: where it would be, the first of the date that follows. */
  readonly start: Instant;
  /** When it is a minute of the date, 0 to 1440: the last is 00:00 of the next date. Unset: the date does not occur. */
  readonly at?: (minute: number) => Instant;
}

/** What local clocks show from `start` to `end`, in milliseconds since 1970-01-01T00:00, without a transition. */
interface Steady {
  readonly start: number;
  readonly end: number;
  readonly offsetMs: number;
}

const EPOCH = new Temporal.PlainDateTime(1970, 1, 1);
/**
 * No local time is skipped or repeated that is further than this from a transition: no zone was ever moved by more than a
 * day at once (Pacific/Apia was by one, in 2011).
 */
const TRANSITION_REACH_MS = DAY_MS;

/** The date in a zone, YYYY-MM-DD. */
export function today(timeZone: string, now: Instant): string {
  return zoned(timeZone, now).toPlainDate().toString();
}

/** The day of a date, YYYY-MM-DD. */
export function dayOf(date: string): Day {
  // A date without a time is read as UTC, wherever the process runs.
  return Date.parse(date) / DAY_MS;
}

/**
 * Reads the days of a zone. Between two transitions the offset is constant, and an instant is a sum: what lies between two
 * is remembered, the last of it, so that days in order ask Temporal once for each transition. Near one, Temporal decides.
 */
export function daysOf(timeZone: string): (day: Day) => LocalDay {
  let steady: Steady = { start: Infinity, end: -Infinity, offsetMs: 0 };
  return (day) => {
    const midnight = day * DAY_MS;
    const [first, last] = [midnight - TRANSITION_REACH_MS, midnight + DAY_MS + TRANSITION_REACH_MS];
    if (first < steady.start || last > steady.end) steady = steadyFrom(timeZone, first);
    if (last > steady.end) return dayNearTransition(timeZone, midnight);
    const start = midnight - steady.offsetMs;
    return { start, at: (minute) => start + minute * MINUTE_MS };
  };
}

/** What is steady from a local time on. */
function steadyFrom(timeZone: string, local: number): Steady {
  const from = plain(local).toZonedDateTime(timeZone);
  const offsetMs = from.offsetNanoseconds / 1e6;
  const transition = from.getTimeZoneTransition("next");
  const end = transition === null ? Infinity : transition.epochMilliseconds + offsetMs;
  return { start: from.epochMilliseconds + offsetMs, end, offsetMs };
}

function dayNearTransition(timeZone: string, midnight: number): LocalDay {
  const date = plain(midnight).toPlainDate();
  const first = date.toZonedDateTime(timeZone);
  const start = first.epochMilliseconds;
  if (!first.toPlainDate().equals(date)) return { start };
  return { start, at: (minute) => plain(midnight + minute * MINUTE_MS).toZonedDateTime(timeZone).epochMilliseconds };
}

/** What a clock shows so many milliseconds after it showed 1970-01-01T00:00. */
function plain(local: number): Temporal.PlainDateTime {
  return EPOCH.add({ milliseconds: local });
}

function zoned(timeZone: string, instant: Instant): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}
