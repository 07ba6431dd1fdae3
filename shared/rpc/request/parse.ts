/**
 * Requests become domain values here, at the edge, and nothing deeper checks input. The schemas read protobuf messages
 * as protobuf-es decodes them: unset strings are empty, unset numbers 0, unset messages undefined.
 */

import type { DescEnum } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { z } from "zod";
import type { Instant, Interval } from "../../interval.ts";
import {
  ETAG_MAX_CHARACTERS,
  HOLD_SECONDS_MAX,
  HOLD_SECONDS_MIN,
  FENCED_BOOKINGS_DEFAULT,
  FENCED_BOOKINGS_MAX,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  SLOT_DURATION_MINUTES_MAX,
  SLOT_DURATION_MINUTES_MIN,
} from "../../limits.ts";
import { invalidRequest } from "./invalid-request.ts";
import {
  type NumberRange,
  wrongCount,
  wrongEmail,
  wrongEnd,
  wrongEnumValue,
  wrongInstant,
  wrongNumber,
  wrongText,
  wrongUuid,
  wrongVisible,
} from "./rules.ts";

/**
 * The domain value of a request. Throws Refusal INVALID_REQUEST that names every bad field by its name in the contract.
 * `schema` is keyed by the message's own names (`hostId` for `host_id`).
 */
export function parse<Schema extends z.ZodType>(schema: Schema, message: z.input<Schema>): z.output<Schema> {
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => ({
    field: protoPath(issue.path),
    description: issue.message,
  }));
  throw invalidRequest(fields);
}

/** A UUID of any version, in lower case: PostgreSQL prints them so, and an id has one spelling in here. */
export const uuid = z.string().transform((given, context): string => {
  const reason = given === "" ? "is required" : wrongUuid(given);
  return reason === undefined ? given.toLowerCase() : refuse(context, reason);
});

/** A UUID, or undefined if the field is empty. Not a union with "": zod tries all members and pays for each failure. */
export const optionalUuid = z.string().transform((given, context): string | undefined => {
  if (given === "") return undefined;
  const reason = wrongUuid(given);
  return reason === undefined ? given.toLowerCase() : refuse(context, reason);
});

/** The caller's name for a write, with which it may be repeated. Empty: undefined. */
export const requestId = optionalUuid;

/** A point in time. */
export const instant = z
  .custom<Timestamp>()
  .optional()
  .transform((given, context): Instant => {
    if (given === undefined) return refuse(context, "is required");
    const reason = wrongInstant(given);
    if (reason !== undefined) return refuse(context, reason);
    return Number(given.seconds) * 1000 + given.nanos / 1e6;
  });

/** A point in time, or undefined if the field is unset. */
export const optionalInstant = instant.optional();

/**
 * The fields of `shape`, and `start_time` and `end_time` as `during`: the end is later, at most `maxMs` later. The two are
 * compared whatever else is wrong, so that a bad field among the others does not hide an end that precedes its start.
 */
export function withInterval<Shape extends z.ZodRawShape>(shape: Shape, maxMs = Infinity) {
  return z
    .object({ ...shape, startTime: instant, endTime: instant })
    .superRefine((fields, context) => refuseWrongEnd(fields, maxMs, context), { when: always })
    .transform((fields): z.output<z.ZodObject<Shape>> & { during: Interval } => {
      const { startTime: start, endTime: end, ...others } = fields as Ends & z.output<z.ZodObject<Shape>>;
      return { ...(others as z.output<z.ZodObject<Shape>>), during: { start, end } };
    });
}

/** Like `withInterval` for a window whose ends are optional: `startTime` and `endTime` are undefined where unset. */
export function withWindow<Shape extends z.ZodRawShape>(shape: Shape, maxMs: number) {
  return z
    .object({ ...shape, startTime: optionalInstant, endTime: optionalInstant })
    .superRefine((fields, context) => refuseWrongEnd(fields, maxMs, context), { when: always });
}

export const slotDurationMinutes = wholeNumber({ min: SLOT_DURATION_MINUTES_MIN, max: SLOT_DURATION_MINUTES_MAX });

/** Seconds to hold a slot, or undefined (0) to book it at once. */
export const holdSeconds = wholeNumber({ min: HOLD_SECONDS_MIN, max: HOLD_SECONDS_MAX, zeroIsUnset: true }).transform(
  (seconds) => (seconds === 0 ? undefined : seconds),
);

/** How long a booking is to be, or undefined (0) for one slot. */
export const durationMinutes = wholeNumber({
  min: SLOT_DURATION_MINUTES_MIN,
  max: SLOT_DURATION_MINUTES_MAX,
  zeroIsUnset: true,
}).transform((minutes) => (minutes === 0 ? undefined : minutes));

export const pageSize = countUpTo(PAGE_SIZE_MAX, PAGE_SIZE_DEFAULT);

/** How many bookings a fence lists at most. */
export const maxBookings = countUpTo(FENCED_BOOKINGS_MAX, FENCED_BOOKINGS_DEFAULT);

/** `decodePageToken` knows what is right; the field has no other rules. */
export const pageToken = z.string();

/** A sequence or generation number: 0 or more, and exact as a JavaScript number. */
export const sequence = exactNumber(0);

/** The version of something that is stored: 1 or more. */
export const version = exactNumber(1);

/** What the server gave out as `etag`, or undefined if the field is empty. Only equality means anything. */
export const etag = z.string().transform((given, context): string | undefined => {
  if (given === "") return undefined;
  const reason = wrongText(given, ETAG_MAX_CHARACTERS);
  return reason === undefined ? given : refuse(context, reason);
});

export const email = textRule(wrongEmail);

/** Text of 1 to `maxCharacters` characters, one of them visible. */
export function visibleText(maxCharacters: number): z.ZodType<string, string> {
  return textRule((value) => wrongVisible(value, maxCharacters));
}

/**
 * A repeated field of at most `max` items, and the only way to take one (`test/project/imports.test.ts`). They are counted before any
 * is looked at: each costs next to nothing in a request and a hundred times as much here, the more so if it is wrong.
 */
export function list<Item extends z.ZodType>(
  item: Item,
  max: number,
): z.ZodType<z.output<Item>[], readonly z.input<Item>[]> {
  const fits = (given: unknown): boolean => Array.isArray(given) && wrongCount(given.length, max) === undefined;
  // The pipe ends here for a list that is too long, but not the rules of the fields beside it.
  const counted = z.custom<z.input<Item>[]>(fits, { error: wrongCount(Infinity, max), abort: false });
  return counted.pipe(z.array(item));
}

/** One of an enum's values that this server knows. The zero value, "unspecified", is refused like an unknown one. */
export function enumValue<Value extends number>(desc: DescEnum): z.ZodType<Value, number> {
  const isKnown = (value: unknown): boolean => typeof value === "number" && wrongEnumValue(desc, value) === undefined;
  // Not the end of all checks, or a wrong end of a window beside it would go unsaid.
  return z.custom<Value>(isKnown, { error: wrongEnumValue(desc, 0), abort: false });
}

/** Like `enumValue`, but the zero value is accepted and becomes undefined. */
export function optionalEnumValue<Value extends number>(desc: DescEnum): z.ZodType<Value | undefined, number> {
  const isKnown = (value: unknown): boolean =>
    typeof value === "number" && (value === 0 || wrongEnumValue(desc, value) === undefined);
  return z
    .custom<number>(isKnown, { error: wrongEnumValue(desc, 0), abort: false })
    .transform((value) => (value === 0 ? undefined : (value as Value)));
}

function textRule(wrong: (value: string) => string | undefined): z.ZodType<string, string> {
  return z.string().superRefine((value, context) => refuseIf(value === "" ? "is required" : wrong(value), context));
}

/** How many of something are wanted, 1 to `max`; 0 is as many as usual. */
function countUpTo(max: number, usual: number): z.ZodType<number, number> {
  return wholeNumber({ min: 1, max, zeroIsUnset: true }).transform((count) => (count === 0 ? usual : count));
}

/** 64 bits on the wire, and as a JavaScript number exact. */
function exactNumber(min: number): z.ZodType<number, bigint> {
  return z
    .bigint()
    .superRefine((value, context) => refuseIf(wrongNumber(value, { min, max: Number.MAX_SAFE_INTEGER }), context))
    .transform(Number);
}

export function wholeNumber(range: NumberRange): z.ZodType<number, number> {
  return z.number().superRefine((value, context) => refuseIf(wrongNumber(value, range), context));
}

/** The two ends as they are parsed. One that was refused is no number. */
interface Ends {
  readonly startTime: Instant;
  readonly endTime: Instant;
}

function refuseWrongEnd(ends: object, maxMs: number, context: z.core.$RefinementCtx): void {
  const { startTime: start, endTime: end } = ends as Partial<Ends>;
  if (typeof start !== "number" || typeof end !== "number") return;
  const message = wrongEnd(start, end, maxMs, "start_time");
  if (message !== undefined) context.addIssue({ code: "custom", path: ["endTime"], message });
}

/** For a refinement that zod would leave out where another field is wrong already. */
export const always = (): boolean => true;

function refuseIf(reason: string | undefined, context: z.core.$RefinementCtx): void {
  if (reason !== undefined) refuse(context, reason);
}

/** Ends the parsing of one value: `message` says what is wrong with it. */
export function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

/** `["ranges", 3, "startTime"]` as `ranges[3].start_time`, the path of google.rpc.BadRequest. */
function protoPath(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step).replaceAll(/[A-Z]/g, underscored)}`))
    .join("")
    .replace(/^\./, "");
}

function underscored(letter: string): string {
  return `_${letter.toLowerCase()}`;
}
