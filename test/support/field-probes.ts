/**
 * For every rule that the contract's options state about a request: a value just inside and one just outside. Made of the
 * descriptors, so that a new field or rule is tried without an edit.
 */

import { randomUUID } from "node:crypto";
import { type DescField, type DescMessage, type JsonObject, type JsonValue, ScalarType } from "@bufbuild/protobuf";
import { FieldMaskSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type FieldRules, rulesOf } from "../../services/gateway/contract/rules.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { FIRST_INSTANT, INSTANTS_END } from "../../shared/limits.ts";
import { localTimes, type Try } from "./local-time-probes.ts";
import { mapProbes, maskProbes } from "./map-probes.ts";
import { tomorrow } from "./people.ts";

export interface Probe {
  readonly what: string;
  /** The request in JSON. All but this field is good. */
  readonly request: JsonObject;
  /** The path by which a refusal names what is probed. */
  readonly field: string;
  readonly isGood: boolean;
}

export function probesOf(message: DescMessage): Probe[] {
  return message.fields.flatMap((field) => [
    ...presence(message, field),
    ...valuesFor(field).map(({ what, value, isGood, with: others = {}, at = "" }) => ({
      what: `${field.name}: ${what}`,
      request: { ...good(message), ...others, [field.name]: value },
      field: field.name + at,
      isGood,
    })),
    ...inItems(message, field),
  ]);
}

/** A request, or a part of one, that breaks no rule. */
function good(message: DescMessage): JsonObject {
  return Object.fromEntries(
    message.fields.flatMap((field) => {
      const value = goodValue(field);
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
}

function goodValue(field: DescField): JsonValue | undefined {
  const rules = rulesOf(field);
  if (field.fieldKind === "list") return field.message === undefined ? undefined : [good(field.message)];
  if (isTime(field)) return text(tomorrow(rules.follows === undefined ? 10 : 11));
  if (rules.isUuid) return randomUUID();
  if (!rules.isRequired && !isAlternative(field)) return undefined;
  if (rules.isTimeZone) return "Europe/Berlin";
  if (rules.timeOfDay !== undefined) return rules.timeOfDay.follows === undefined ? "09:00" : "17:00";
  if (rules.isEmail) return `${randomUUID()}@example.org`;
  if (field.enum !== undefined) return field.enum.values.find(({ number }) => number !== 0)?.name;
  return rules.range === undefined ? "x" : String(rules.range.min);
}

/** One of two fields of which one is required. */
function isAlternative(field: DescField): boolean {
  return rulesOf(field).orElse !== undefined || field.parent.fields.some((each) => rulesOf(each).orElse === field.name);
}

function presence(message: DescMessage, field: DescField): Probe[] {
  const { isRequired, orElse, requiredWith } = rulesOf(field);
  const without = (...names: readonly string[]): JsonObject =>
    Object.fromEntries(Object.entries(good(message)).filter(([name]) => !names.includes(name)));
  const probe = (what: string, request: JsonObject, isGood: boolean): Probe => ({
    what: `${field.name}: ${what}`,
    request,
    field: field.name,
    isGood,
  });
  return [
    probe("left out", without(field.name), !isRequired && requiredWith === undefined),
    ...(requiredWith === undefined
      ? []
      : [probe(`left out, and ${requiredWith} too`, without(field.name, requiredWith), true)]),
    ...(orElse === undefined ? [] : [probe(`left out, and ${orElse} too`, without(field.name, orElse), false)]),
  ];
}

function valuesFor(field: DescField): Try[] {
  const rules = rulesOf(field);
  if (field.fieldKind === "list") return [...counts(field, rules), ...enumItems(field)];
  if (rules.keys !== undefined) return mapProbes(rules, rules.keys);
  if (rules.masked.size > 0) return maskProbes(rules);
  if (isTime(field)) return [...times(rules), ...ends(rules)];
  if (field.enum !== undefined) return enumValues(field, rules);
  if (rules.range !== undefined) return numberProbes(rules.range);
  return field.scalar === ScalarType.STRING ? [...(localTimes(rules) ?? texts(rules))] : [];
}

function texts({ isUuid, isEmail, isOpaque, isMultiline, isVisible, maxLength }: FieldRules): Try[] {
  if (isUuid) {
    return [
      { what: "a UUID in capitals", value: randomUUID().toUpperCase(), isGood: true },
      { what: "a UUID of another version", value: "019b5a3c-0000-7000-8000-000000000001", isGood: true },
      { what: "half a UUID", value: randomUUID().slice(18), isGood: false },
    ];
  }
  const end = isEmail ? "@example.org" : "";
  const long = (length: number, letter = "x"): string => letter.repeat(length - end.length) + end;
  const max = maxLength ?? 0;
  const fitting: Try[] = [
    { what: `${max} characters`, value: long(max), isGood: true },
    { what: `${max} characters of two units each`, value: long(max, "🙂"), isGood: true },
  ];
  return [
    ...(isOpaque ? [] : fitting),
    ...(isEmail ? addresses : []),
    ...(isVisible ? visibility : []),
    { what: `${max + 1} characters`, value: long(max + 1), isGood: false },
    { what: "a control character", value: `a\u0000${end}`, isGood: false },
    { what: "several lines and a tab", value: `a\r\n\tb\n${end}`, isGood: isMultiline },
  ];
}

const addresses: readonly Try[] = [
  { what: "no address", value: "a@b", isGood: false },
  { what: "an international domain", value: `${randomUUID()}@bücher.example`, isGood: true },
  { what: "a dot at the end", value: "a@example.org.", isGood: false },
  { what: "a machine's address", value: "a@127.0.0.1", isGood: false },
  { what: "a character without a width", value: "a\u200B@example.org", isGood: false },
];

const visibility: readonly Try[] = [
  { what: "blanks before a letter", value: `\u3000 ${randomUUID()}`, isGood: true },
  { what: "a blank", value: " ", isGood: false },
  { what: "nothing that can be seen", value: "\u00AD\u200B\u2060\u2800\u3164\uFEFF\u{E0020}", isGood: false },
];

function numberProbes({ min, max, zeroIsUnset = false }: NonNullable<FieldRules["range"]>): Try[] {
  const isIn = (value: bigint): boolean => (value >= min && value <= max) || (zeroIsUnset && value === 0n);
  const values = new Set([BigInt(min) - 1n, BigInt(min), BigInt(max), BigInt(max) + 1n, 0n, -1n]);
  return [...values].map((value) => ({ what: String(value), value: String(value), isGood: isIn(value) }));
}

function times({ follows }: FieldRules): Try[] {
  const at = (instant: number): JsonObject => (follows === undefined ? {} : { [follows.field]: text(instant - 1) });
  const probe = (instant: number, isGood: boolean): Try => ({
    what: text(instant),
    value: text(instant),
    isGood,
    with: at(instant),
  });
  const fine = text(tomorrow(12)).replace("Z", "001Z");
  return [
    probe(FIRST_INSTANT - 1, false),
    probe(FIRST_INSTANT, true),
    probe(INSTANTS_END - 1, true),
    probe(INSTANTS_END, false),
    { what: "a microsecond", value: fine, isGood: false },
  ];
}

function ends({ follows }: FieldRules): Try[] {
  if (follows === undefined) return [];
  const { field, maxMs } = follows;
  const start = Number.isFinite(maxMs) ? tomorrow(0) : FIRST_INSTANT;
  const longest = Number.isFinite(maxMs) ? maxMs : INSTANTS_END - 1 - FIRST_INSTANT;
  const after = (ms: number, isGood: boolean): Try => ({
    what: `${ms} ms after ${field}`,
    value: text(start + ms),
    isGood,
    with: { [field]: text(start) },
  });
  return [after(0, false), after(1, true), after(longest, true), after(longest + 1, false)];
}

function enumValues({ enum: desc }: DescField, { isRequired }: FieldRules): Try[] {
  const values = (desc?.values ?? []).map(({ number }) => ({ number, isGood: number !== 0 || !isRequired }));
  return [...values, { number: 99, isGood: false }].map(({ number, isGood }) => ({
    what: `value ${number}`,
    value: number,
    isGood,
  }));
}

function counts(field: DescField & { readonly fieldKind: "list" }, { maxItems = 0 }: FieldRules): Try[] {
  const item = field.message === undefined ? (field.enum?.values[1]?.number ?? "x") : good(field.message);
  const items = (count: number): JsonValue[] => Array.from({ length: count }, () => item);
  return [
    { what: "no items", value: [], isGood: true },
    { what: `${maxItems} items`, value: items(maxItems), isGood: true },
    { what: `${maxItems + 1} items`, value: items(maxItems + 1), isGood: false },
  ];
}

function enumItems(field: DescField): Try[] {
  const values = field.enum === undefined ? [] : [...field.enum.values.map(({ number }) => number), 99];
  return values.map((number) => ({
    what: `an item of value ${number}`,
    value: [number],
    isGood: number !== 0 && number !== 99,
    at: "[0]",
  }));
}

/** Like a good item, but of the last kind: it has nothing to do with one of the first. */
function another(message: DescMessage): JsonObject {
  const kinds = message.fields.map((field) => [
    field.name,
    field.enum?.values.at(-1)?.name ?? good(message)[field.name],
  ]);
  return { ...good(message), ...(Object.fromEntries(kinds) as JsonObject) };
}

function inItems(message: DescMessage, field: DescField): Probe[] {
  if (field.fieldKind !== "list" || field.message === undefined) return [];
  return probesOf(field.message).map((inner) => ({
    what: `${field.name}: ${inner.what}`,
    request: { ...good(message), [field.name]: [another(field.message), inner.request] },
    field: `${field.name}[1].${inner.field}`,
    isGood: inner.isGood,
  }));
}

export function isTime(field: DescField): boolean {
  return field.fieldKind === "message" && field.message.typeName === TimestampSchema.typeName;
}

export function isMask(field: DescField): boolean {
  return field.fieldKind === "message" && field.message.typeName === FieldMaskSchema.typeName;
}

function text(instant: number): string {
  return new Date(instant).toISOString();
}

/** The numbers of a field's rules, as its comment should say them. */
export function numbersOf({ range, maxLength, maxItems, keys, follows }: FieldRules): number[] {
  const hours = (follows?.maxMs ?? Infinity) / HOUR_MS;
  const span = hours > 24 ? hours / 24 : hours;
  const all = [range?.min, range?.max, maxLength, maxItems, keys?.maxLength, span];
  return all.filter((each): each is number => each !== undefined && Number.isFinite(each));
}
