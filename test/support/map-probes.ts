/** Maps of texts and field masks just inside and just outside of their rules. */

import type { FieldRules } from "../../services/gateway/contract/rules.ts";
import type { Try } from "./local-time-probes.ts";

export function mapProbes(
  { maxItems = 0, maxLength = 0 }: FieldRules,
  { maxLength: keyMax, without }: NonNullable<FieldRules["keys"]>,
): Try[] {
  const entries = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));
  const good: readonly (readonly [what: string, value: object])[] = [
    ["no entries", {}],
    [`${maxItems} entries`, entries(maxItems)],
    [`a key of ${keyMax} characters of two units each`, { ["🙂".repeat(keyMax)]: "v" }],
    [`a value of ${maxLength} characters of two units each`, { k: "🙂".repeat(maxLength) }],
    [`a value with ${without}`, { k: without }],
    ["an empty value", { k: "" }],
    ["a key that objects inherit", { constructor: "v" }],
  ];
  const bad: readonly (readonly [what: string, value: object])[] = [
    [`${maxItems + 1} entries`, entries(maxItems + 1)],
    ["an empty key", { "": "v" }],
    [`a key of ${keyMax + 1} characters`, { ["x".repeat(keyMax + 1)]: "v" }],
    [`a value of ${maxLength + 1} characters`, { k: "x".repeat(maxLength + 1) }],
    ["a control character in a key", { "a\u0000": "v" }],
    ["a line break in a value", { k: "a\nb" }],
    ...(without === "" ? [] : [[`a key with ${without}`, { [`a${without}b`]: "v" }] as const]),
    ["a bad entry behind a good one", { k: "v", "": "v" }],
  ];
  return [...tries(good, true), ...tries(bad, false)];
}

/** Masks as protobuf's JSON has them: names in camel case. */
export function maskProbes({ masked }: FieldRules): Try[] {
  const names = [...masked.values()].map(({ jsonName }) => jsonName);
  const [first = ""] = names;
  return [
    { what: "no path", value: "", isGood: true },
    ...names.map((name) => ({ what: name, value: name, isGood: true })),
    { what: "each of them", value: names.join(","), isGood: true },
    { what: "one of them often", value: Array.from({ length: 1_000 }, () => first).join(","), isGood: true },
    { what: "a field that it may not name", value: "hostId", isGood: false },
    { what: "no field", value: `${first},nothing`, isGood: false },
    { what: "all fields", value: "*", isGood: false },
    { what: "a part of a field", value: `${first}.part`, isGood: false },
    { what: "an empty path", value: `${first},`, isGood: false },
  ];
}

function tries(values: readonly (readonly [what: string, value: object])[], isGood: boolean): Try[] {
  return values.map(([what, value]) => ({ what, value: value as Try["value"], isGood }));
}
