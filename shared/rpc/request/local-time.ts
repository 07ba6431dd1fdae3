/**
 * What is wrong with a date, a time zone or a time of day, in the words that callers are told: undefined if nothing is.
 * Beside `rules.ts`, because only those ask here who know zones: Availability and the gateway, never Booking.
 */

import { FIRST_INSTANT, INSTANTS_END, TIME_ZONE_MAX_CHARACTERS } from "../../limits.ts";
import { isDay } from "./rfc3339.ts";

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
/** No name in the IANA database begins with a sign or a digit; offsets, which Temporal takes too, do. */
const TIME_ZONE = /^[A-Za-z][A-Za-z0-9_+/-]*$/;
const TIME_OF_DAY = /^(\d\d):(\d\d)$/;

const MINUTES_OF_DAY = 24 * 60;

/** Days of the years of which instants may be. */
export function wrongDate(text: string): string | undefined {
  const match = DATE.exec(text);
  if (match === null) return "must be a date such as 2027-03-28";
  const [year = 0, month, day] = match.slice(1).map(Number);
  if (!isDay(year, month, day)) return "is a day that does not exist";
  const instant = Date.UTC(year, 0);
  return instant >= FIRST_INSTANT && instant < INSTANTS_END ? undefined : "is outside the years 1970 to 2199";
}

/** Any spelling of a name that the IANA database has, old names included: which they are, Node's zone data say. */
export function wrongTimeZone(text: string): string | undefined {
  const isName = text.length <= TIME_ZONE_MAX_CHARACTERS && TIME_ZONE.test(text);
  return isName && isTimeZone(text) ? undefined : "must be the name of a time zone, such as Europe/Berlin";
}

/** `mayEndDay`: whether it may be `24:00`, and then not `00:00`, which would be the end of the day before. */
export function wrongTimeOfDay(text: string, { mayEndDay }: { readonly mayEndDay: boolean }): string | undefined {
  const minutes = minutesOfDay(text);
  const [first, last] = mayEndDay ? [1, MINUTES_OF_DAY] : [0, MINUTES_OF_DAY - 1];
  if (minutes !== undefined && minutes >= first && minutes <= last) return undefined;
  return `must be a time of day from ${mayEndDay ? "00:01 to 24:00" : "00:00 to 23:59"}`;
}

/** `end` must be later than `start`, which `startName` names; both in minutes of a day. */
export function wrongEndOfRange(start: number, end: number, startName: string): string | undefined {
  return end > start ? undefined : `must be later than ${startName}`;
}

/** `09:30` as 570, and `24:00` as 1440; undefined for what is neither a time of day nor the end of one. */
export function minutesOfDay(text: string): number | undefined {
  const match = TIME_OF_DAY.exec(text);
  if (match === null) return undefined;
  const [hours = 0, minutes = 0] = match.slice(1).map(Number);
  const all = hours * 60 + minutes;
  return minutes < 60 && all <= MINUTES_OF_DAY ? all : undefined;
}

function isTimeZone(name: string): boolean {
  try {
    // The constructor: `from` would also take a whole time that has a zone in it.
    return new Temporal.ZonedDateTime(0n, name).timeZoneId !== "";
  } catch {
    return false;
  }
}
