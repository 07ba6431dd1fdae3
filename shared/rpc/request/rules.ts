/** What is wrong with a value, in the words of `BadRequest`; undefined if nothing is. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Instant } from "../../interval.ts";
import { DAY_MS, HOUR_MS } from "../../time-units.ts";
import { FIRST_INSTANT, INSTANTS_END } from "../../limits.ts";

/** Of a point in time. A missing one is not wrong. */
export function wrongInstant(given: Timestamp | undefined): string | undefined {
  if (given === undefined) return undefined;
  const { seconds, nanos } = given;
  if (nanos < 0 || nanos >= 1e9) return "has nanoseconds outside of 0 to 999999999";
  if (nanos % 1e6 !== 0) return "is finer than a millisecond";
  const milliseconds = Number(seconds) * 1000;
  if (milliseconds < FIRST_INSTANT || milliseconds >= INSTANTS_END) return "is outside the years 1970 to 2199";
  return undefined;
}

/** Of the end of an interval whose start has the name `startName`. */
export function wrongEnd(start: Instant, end: Instant, maxMs: number, startName: string): string | undefined {
  if (end <= start) return `must be later than ${startName}`;
  if (end - start <= maxMs) return undefined;
  const limit = maxMs % DAY_MS === 0 && maxMs > DAY_MS ? `${maxMs / DAY_MS} days` : `${maxMs / HOUR_MS} hours`;
  return `must be at most ${limit} after ${startName}`;
}

/** Of a text. Characters are code points, which is what PostgreSQL counts. */
export function wrongText(value: string, maxCharacters: number): string | undefined {
  if (value === "") return "is required";
  if (!value.isWellFormed()) return "is not valid UTF-8";
  if (/\p{Cc}/u.test(value)) return "has control characters";
  // Counted only if it can matter: a character takes at most two of a string's units.
  if (value.length > maxCharacters && Array.from(value).length > maxCharacters)
    return `has more than ${maxCharacters} characters`;
  return undefined;
}

/** Of an e-mail address. Only a mail can tell whether it is read; this rule keeps names and half addresses out. */
export function wrongEmail(value: string): string | undefined {
  return /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(value) ? undefined : "must be an e-mail address";
}
