/**
 * What is wrong with a value, in the words that callers are told: undefined if nothing is. The services' schemas (parse.ts)
 * and the gateway's list of broken rules ask here; which rules a field has, each knows by itself, and
 * `test/wire/field-rules.test.ts` holds that they know the same.
 */

import type { DescEnum, DescField } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { asciiDomain } from "../../email-domain.ts";
import type { Instant } from "../../interval.ts";
import { DAY_MS, HOUR_MS } from "../../time-units.ts";
import { EMAIL_MAX_CHARACTERS, FIRST_INSTANT, INSTANTS_END } from "../../limits.ts";
import { isUuid } from "../../uuid.ts";

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** 0 stands for "unset", whatever the range. */
  readonly zeroIsUnset?: boolean;
}

export function wrongUuid(text: string): string | undefined {
  return isUuid(text) ? undefined : "must be a UUID";
}

export function wrongNumber(
  value: number | bigint,
  { min, max, zeroIsUnset = false }: NumberRange,
): string | undefined {
  if ((value >= min && value <= max) || (zeroIsUnset && Number(value) === 0)) return undefined;
  return `must be ${zeroIsUnset ? "0 or " : ""}from ${min} to ${max}`;
}

/**
 * Characters are code points, which is what PostgreSQL counts. No control characters: NUL cannot be stored, and the others
 * forge log lines. Invalid UTF-8 arrives as text that is not well formed: see `utf8.ts`.
 */
export function wrongText(value: string, maxCharacters: number): string | undefined {
  if (!value.isWellFormed()) return "is not valid UTF-8";
  if (/\p{Cc}/u.test(value)) return "has control characters";
  // Counted only if it can matter: a character takes at most two of a string's units.
  if (value.length > maxCharacters && Array.from(value).length > maxCharacters)
    return `has more than ${maxCharacters} characters`;
  return undefined;
}

/** Blanks, and what has no width or only directs the letters beside it. Braille's empty cell is a symbol, for Unicode. */
const UNSEEN = String.raw`\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800`;

/** What needs a letter beside it to be seen, and what means nothing to those who do not know it: no text consists of these. */
const NO_TEXT = String.raw`\p{M}\p{Co}\p{Cn}`;

/** Characters by which the text behind them runs the other way: a name with one changes how its whole line reads. */
const turning = /[\u202A-\u202E\u2066-\u2069]/;

/** A text with a character that can be seen, as the pattern of a regular expression (with the flag `u`). */
export const VISIBLE_PATTERN = `[^${UNSEEN}${NO_TEXT}]`;
const visible = new RegExp(VISIBLE_PATTERN, "u");
const unseen = new RegExp(`[${UNSEEN}]`, "u");

/** Of a text that people read, such as a name: what looks empty is not one. */
export function wrongVisible(value: string, maxCharacters: number): string | undefined {
  const wrong = wrongText(value, maxCharacters);
  if (wrong !== undefined) return wrong;
  if (turning.test(value)) return "has a character that turns the text around";
  return visible.test(value) ? undefined : "has no visible character";
}

/**
 * Only a mail can tell whether the address is read. This rule keeps names and half addresses out, and addresses that look like
 * another one by characters that cannot be seen.
 */
export function wrongEmail(value: string): string | undefined {
  const wrong = wrongText(value, EMAIL_MAX_CHARACTERS);
  if (wrong !== undefined) return wrong;
  if (unseen.test(value)) return "has a blank or a character that cannot be seen";
  const [local = "", domain = "", ...more] = value.split("@");
  if (local === "" || more.length > 0 || asciiDomain(domain) === undefined) return "must be an e-mail address";
  // Some characters are several when they are composed.
  return wrongText(local.normalize("NFC"), EMAIL_MAX_CHARACTERS);
}

/** The zero value, "unspecified", is refused like one that this server does not know. */
export function wrongEnumValue({ values }: DescEnum, value: number): string | undefined {
  const known = values.filter(({ number }) => number !== 0);
  if (known.some(({ number }) => number === value)) return undefined;
  return `must be one of ${known.map(({ name }) => name).join(", ")}`;
}

/** The same for text of several lines: line breaks and tabs are allowed. */
export function wrongLines(value: string, maxCharacters: number): string | undefined {
  return wrongText(value.replaceAll(/[\n\r\t]/g, " "), maxCharacters);
}

/** The rules of a map of texts. */
export interface MapRules {
  readonly maxItems: number;
  readonly maxCharacters: number;
  readonly keyMaxCharacters: number;
  /** What no key may hold. Empty: keys may hold any text. */
  readonly keyWithout: string;
}

/** Of a map of texts. Its entries are counted before any is looked at. */
export function wrongMap(entries: readonly (readonly [string, string])[], rules: MapRules): string | undefined {
  const wrong = wrongCount(entries.length, rules.maxItems);
  if (wrong !== undefined) return wrong;
  return entries.map((entry) => wrongEntry(entry, rules)).find((each) => each !== undefined);
}

/** Keys are not named: they are the caller's words, and an error goes into logs. */
function wrongEntry([key, value]: readonly [string, string], rules: MapRules): string | undefined {
  if (key === "") return "has an empty key";
  if (rules.keyWithout !== "" && key.includes(rules.keyWithout)) return `has a key with ${rules.keyWithout}`;
  const [ofKey, ofValue] = [wrongText(key, rules.keyMaxCharacters), wrongText(value, rules.maxCharacters)];
  if (ofKey !== undefined) return `has a key that ${ofKey}`;
  return ofValue === undefined ? undefined : `has a value that ${ofValue}`;
}

/** Of a field mask. It is read no further than the first path that is wrong. */
export function wrongPaths(paths: readonly string[], allowed: ReadonlyMap<string, DescField>): string | undefined {
  if (paths.every((path) => allowed.has(path))) return undefined;
  return `must name only ${[...new Set([...allowed.values()].map(({ name }) => name))].join(", ")}`;
}

export function wrongCount(count: number, max: number): string | undefined {
  return count > max ? `has more than ${max} items` : undefined;
}

/** Finer than milliseconds is refused, not rounded: rounded times could touch or overlap. */
export function wrongInstant({ seconds, nanos }: Timestamp): string | undefined {
  if (nanos < 0 || nanos >= 1e9) return "has nanoseconds outside of 0 to 999999999";
  if (nanos % 1e6 !== 0) return "is finer than a millisecond";
  const milliseconds = Number(seconds) * 1000;
  if (milliseconds < FIRST_INSTANT || milliseconds >= INSTANTS_END) return "is outside the years 1970 to 2199";
  return undefined;
}

/** `end` must be later than `start`, which `startName` names, and at most `maxMs` later. */
export function wrongEnd(start: Instant, end: Instant, maxMs: number, startName: string): string | undefined {
  if (end <= start) return `must be later than ${startName}`;
  if (end - start <= maxMs) return undefined;
  const limit = maxMs % DAY_MS === 0 && maxMs > DAY_MS ? `${maxMs / DAY_MS} days` : `${maxMs / HOUR_MS} hours`;
  return `must be at most ${limit} after ${startName}`;
}
