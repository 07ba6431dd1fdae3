/** Requests in JSON that put as much as fits into one place: each field of the message in turn, and the message itself. */

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { rulesOf } from "../../../services/gateway/contract/rules.ts";

/** What a request may hold beside the little that makes it one. */
export const ROOM = 60 * 1024;

export interface Shape {
  readonly name: string;
  /** JSON. */
  readonly text: string;
}

/** As much of something as fits, between a beginning and an end. */
export function filled(one: string, begin = "", end = "", separator = ""): string {
  const count = Math.floor(ROOM / Buffer.byteLength(one + separator));
  return begin + Array.from({ length: count }, () => one).join(separator) + end;
}

/** As many different names as fit, each with the value. */
export function names(value: string, separator: string, wrap: (name: string) => string): string {
  let text = "";
  for (let index = 0; text.length < ROOM; index += 1) {
    text += `${text === "" ? "" : separator}${wrap(index.toString(36))}${value}`;
  }
  return text;
}

function nested(open: string, inside: string, close: string): string {
  const depth = Math.floor(ROOM / (open.length + close.length));
  return open.repeat(depth) + inside + close.repeat(depth);
}

const texts = ["a", "0", " ", "@a.", '\\"', "\\ud800", "😀"];

/** Values for any field: what is illegal for its type is what may be dear to refuse. */
const values: readonly Shape[] = [
  ...texts.map((one) => ({ name: `a text of ${one}`, text: filled(one, '"', '"') })),
  { name: "a long number", text: filled("9") },
  { name: "a long number as a text", text: filled("9", '"', '"') },
  { name: "a long fraction", text: filled("1", "0.") },
  { name: "a huge exponent", text: '"1e999999999"' },
  { name: "a time with a long fraction", text: filled("1", '"2030-01-01T00:00:00.', 'Z"') },
  { name: "deep arrays", text: nested("[", "0", "]") },
  { name: "deep objects", text: nested('{"a":', "0", "}") },
  ...["0", '""'].map((value) => ({
    name: `many keys of ${value}`,
    text: `{${names(`:${value}`, ",", (name) => `"${name}"`)}}`,
  })),
  ...["0", "99", '""', "{}", "null"].map((one) => ({
    name: `a list of ${one}`,
    text: filled(one, "[", "]", ","),
  })),
];

/** The bodies for a message; `base` has what makes it a good one. */
export function jsonBodies(desc: DescMessage, base: Readonly<Record<string, unknown>>): Shape[] {
  const begin = JSON.stringify(base).slice(0, -1);
  const good = (more: string): string => `${begin}${begin === "{" ? "" : ","}${more}}`;
  const ofFields = fieldsOf(desc).flatMap(({ name, wrap, field }) => {
    const { [field.name]: _, ...others } = base;
    const beside = JSON.stringify(others).slice(0, -1);
    return [...values, ...ofEnum(field), ...ofItems(field), ...ofEntries(field), ...ofMask(field)].map((value) => ({
      name: `${name}: ${value.name}`,
      text: `${beside}${beside === "{" ? "" : ","}${wrap(value.text)}}`,
    }));
  });
  const whole = [
    { name: "nothing", text: "{}" },
    { name: "many unknown keys", text: good(names(":0", ",", (name) => `"${name}"`)) },
    { name: "one unknown key, often", text: good(filled('"a":0', "", "", ",")) },
    { name: "a long unknown key", text: good(filled("a", '"', '":0')) },
    {
      name: "a long unknown key, twice",
      text: good(`"${"a".repeat(ROOM / 2)}":0,"${"a".repeat(ROOM / 2)}":0`),
    },
    ...values.map(({ name, text }) => ({ name: `${name} in place of the message`, text })),
  ];
  return [...ofFields, ...whole];
}

function ofEnum(field: DescField): Shape[] {
  return (field.enum?.values ?? []).map(({ name }) => ({
    name: `a list of ${name}`,
    text: filled(`"${name}"`, "[", "]", ","),
  }));
}

/** As many messages as a list may have, each with as much in one of its fields as fits. */
function ofItems(field: DescField): Shape[] {
  const { maxItems } = rulesOf(field);
  if (field.fieldKind !== "list" || field.message === undefined || maxItems === undefined) return [];
  return field.message.fields.flatMap(({ jsonName }) =>
    texts.map((one) => {
      const text = one.repeat(Math.floor((ROOM / maxItems - jsonName.length - 10) / Buffer.byteLength(one)));
      const items = Array.from({ length: maxItems }, () => `{"${jsonName}":"${text}"}`);
      return { name: `${maxItems} items with ${jsonName} of ${one}`, text: `[${items.join(",")}]` };
    }),
  );
}

/** As many entries as a map may have, each as large as fits, and as many as fit. */
function ofEntries(field: DescField): Shape[] {
  const { maxItems } = rulesOf(field);
  if (field.fieldKind !== "map" || maxItems === undefined) return [];
  const room = Math.floor(ROOM / maxItems) - 20;
  const large = texts.flatMap((one) => {
    const text = one.repeat(Math.floor(room / Buffer.byteLength(one)));
    const entries = (entry: (index: number) => string): string =>
      `{${Array.from({ length: maxItems }, (_, index) => entry(index)).join(",")}}`;
    return [
      { name: `${maxItems} values of ${one}`, text: entries((index) => `"k${index}":"${text}"`) },
      { name: `${maxItems} keys of ${one}`, text: entries((index) => `"${index}${text}":""`) },
    ];
  });
  return [
    ...large,
    { name: "many entries", text: `{${names(':"v"', ",", (name) => `"${name}"`)}}` },
    { name: "one entry, often", text: filled('"k":"v"', "{", "}", ",") },
  ];
}

/** As many names as fit. */
function ofMask(field: DescField): Shape[] {
  const [path] = rulesOf(field).masked.keys();
  if (path === undefined) return [];
  return [
    { name: "a good name, often", text: filled(path, '"', '"', ",") },
    { name: "many names that are none", text: `"${names("", ",", (name) => name)}"` },
    { name: "empty names", text: filled(",", '"', '"') },
  ];
}

interface Place {
  readonly name: string;
  readonly field: DescField;
  /** The member of the message that has the text as the field's value. */
  readonly wrap: (text: string) => string;
}

/** The fields of a message and of the messages in it, each once. */
function fieldsOf(desc: DescMessage, above: readonly DescMessage[] = []): Place[] {
  if (above.includes(desc) || (above.length > 0 && desc.file.proto.package === "google.protobuf")) return [];
  return desc.fields.flatMap((field) => {
    const own = { name: field.name, field, wrap: (text: string) => `"${field.jsonName}":${text}` };
    const inner = field.message === undefined ? [] : fieldsOf(field.message, [...above, desc]);
    const inside = inner.map((place) => ({
      name: `${field.name}.${place.name}`,
      field: place.field,
      wrap: (text: string) =>
        own.wrap(field.fieldKind === "list" ? `[{${place.wrap(text)}}]` : `{${place.wrap(text)}}`),
    }));
    return [own, ...inside];
  });
}
