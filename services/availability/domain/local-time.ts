/**
 * Local times of an IANA time zone as instants, by Temporal and RFC 5545, 3.3.5: a time that does not exist is read with the
 * offset before the gap, one that occurs twice is its first occurrence. The zone of the process plays no part.
 */

import type { Instant } from "../../../shared/interval.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/time-units.ts";

/** A calendar date without a zone: whole days since 1970-01-01. */
export type LocalDay = number;

/** Tells when it is a minute of one date, 0 to 1440. The last is 00:00 of the next date. */
export type DayClock = (minute: number) => Instant;

/** The clock of each date of a zone; `undefined`: the date does not occur there. */
export type ZoneClock = (day: LocalDay) => DayClock | undefined;

/** A stretch between two transitions of a zone, as its local clocks show it: `[start, end)` in milliseconds since 1970. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly offsetMs: number;
}

/**
 * So far from a transition, no local time is skipped or repeated: the widest that a zone has been moved at once is a day
 * (Pacific/Apia in 2011).
 */
const TRANSITION_REACH_MS = DAY_MS;

/**
 * The text itself if it names a time zone of IANA's database that this Node.js knows. Its older names (US/Eastern,
 * Asia/Calcutta, CET, EST5EDT) are names too, in any case, as Temporal has it. Offsets (+02:00) are not: they know no summer.
 */
export function timeZoneOf(text: string): string | undefined {
  if (!/^[a-z]/i.test(text)) return undefined;
  try {
    // Temporal also takes a date and time that names a zone.
    return zoned(text, 0).timeZoneId.toLowerCase() === text.toLowerCase() ? text : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The date of an instant in a zone, YYYY-MM-DD. */
export function dateIn(timeZone: string, instant: Instant): string {
  return zoned(timeZone, instant).toPlainDate().toString();
}

/** The first instant of a date, YYYY-MM-DD, in a zone. Of a date that does not occur there: of the date that follows. */
export function startOfDate(date: string, timeZone: string): Instant {
  return Temporal.PlainDate.from(date).toZonedDateTime(timeZone).epochMilliseconds;
}

export function dayOf(date: string): LocalDay {
  return Temporal.PlainDate.from(date).since("1970-01-01").days;
}

/**
 * Reads dates of a zone. Between two transitions the offset is constant, and an instant is a sum. It remembers the one
 * stretch that it has read in last, so that dates in order ask for each stretch once. Near a transition Temporal decides.
 */
export function zoneClock(timeZone: string): ZoneClock {
  let stretch: Stretch | undefined;
  return (day) => {
    const midnight = day * DAY_MS;
    if (stretch === undefined || midnight < stretch.start || midnight >= stretch.end) {
      stretch = stretchAround(timeZone, midnight);
    }
    const { start, end, offsetMs } = stretch;
    if (midnight - TRANSITION_REACH_MS < start || midnight + DAY_MS + TRANSITION_REACH_MS > end) {
      return clockNearTransition(timeZone, midnight);
    }
    return (minute) => midnight - offsetMs + minute * MINUTE_MS;
  };
}

/** The stretch that a local time lies in, or one beside a transition that is near. */
function stretchAround(timeZone: string, local: number): Stretch {
  const here = plain(local).toZonedDateTime(timeZone);
  const offsetMs = here.offsetNanoseconds / 1e6;
  // `previous` looks only at what is before: a transition in this very instant is the start of what follows.
  const start = here.add({ nanoseconds: 1 }).getTimeZoneTransition("previous");
  const end = here.getTimeZoneTransition("next");
  return {
    start: start === null ? -Infinity : start.epochMilliseconds + offsetMs,
    end: end === null ? Infinity : end.epochMilliseconds + offsetMs,
    offsetMs,
  };
}

function clockNearTransition(timeZone: string, midnight: number): DayClock | undefined {
  const date = plain(midnight).toPlainDate();
  if (!date.toZonedDateTime(timeZone).toPlainDate().equals(date)) return undefined;
  return (minute) => plain(midnight + minute * MINUTE_MS).toZonedDateTime(timeZone).epochMilliseconds;
}

/** What a clock without a zone shows so many milliseconds after 1970-01-01T00:00. */
function plain(local: number): Temporal.PlainDateTime {
  return zoned("UTC", local).toPlainDateTime();
}

function zoned(timeZone: string, instant: Instant): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}
