/**
 * Times as JSON text. protobuf-es hands them to JavaScript's `Date`, which silently moves what does not exist: 30 February
 * becomes a day in March, hour 24 the next day, and the client would get a booking that it did not ask for.
 */

export type OffsetRule = "accept" | "refuse";

const PATTERN = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/;

/**
 * What is wrong with `text` as a point in time, undefined if nothing is. "refuse" accepts only UTC, written `Z` or
 * `+00:00`. ISO 8601 has no `-00:00`. */
export function wrongTime(text: string, offsets: OffsetRule): string | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return "must be a time such as 2025-01-01T10:00:00Z";
  const [year, month, day, hour, minute, second, offsetHour, offsetMinute] = match.slice(1).map(Number);
  if (!isDay(year, month, day)) return "is a day that does not exist";
  if (!isTimeOfDay(hour, minute) || second === undefined || second > 59) return "is a time of day that does not exist";
  if (text.endsWith("Z") || text.endsWith("+00:00")) return undefined;
  if (offsets === "refuse") return "must be in UTC, written with Z or +00:00";
  return isTimeOfDay(offsetHour, offsetMinute) ? undefined : "has an offset that does not exist";
}

/** Whether the Gregorian calendar has the day. */
export function isDay(year: number | undefined, month: number | undefined, day: number | undefined): boolean {
  return day !== undefined && day >= 1 && day <= daysIn(year ?? 0, month ?? 0);
}

function isTimeOfDay(hour: number | undefined, minute: number | undefined): boolean {
  return hour !== undefined && minute !== undefined && hour < 24 && minute < 60;
}

/** 0 for a month that does not exist. No year was 0. */
function daysIn(year: number, month: number): number {
  if (year < 1 || month < 1 || month > 12) return 0;
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
