/** How JSON names fields, and how a caller is told of one: as it wrote the name itself. */

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import { isObject } from "./json-object.ts";

/** Puts the caller's own names for fields into a text of ours, which has those of the contract. */
export type CallersWords = (text: string) => string;

const byName = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/**
 * The names by which JSON may call a field: its JSON name, its name in the contract, and that name in camel case, which is
 * a third one where the contract says what the JSON name is (`slotDuration` for `slot_duration_minutes`).
 */
export function namesOf({ jsonName, name }: DescField): readonly string[] {
  return [jsonName, name, protoCamelCase(name)];
}

/** The field that JSON calls so; undefined if there is none. */
export function fieldNamed(desc: DescMessage, name: string): DescField | undefined {
  let fields = byName.get(desc);
  if (fields === undefined) {
    fields = new Map(desc.fields.flatMap((field) => namesOf(field).map((each) => [each, field])));
    byName.set(desc, fields);
  }
  return fields.get(name);
}

/**
 * The words of a caller whose request has `written` as names of fields; what it left out goes by its name in JSON. They are
 * looked up when the first text needs them: only refusals have any.
 */
export function wordsOf(desc: DescMessage, written: () => readonly string[]): CallersWords {
  let words: ReadonlyMap<string, string> | undefined;
  return (text) => {
    words ??= callersNames(desc, written());
    // Names of one word are the same everywhere.
    return text.replaceAll(/[a-z\d]+(?:_[a-z\d]+)+/g, (name) => words?.get(name) ?? name);
  };
}

/** The names of fields in a message's JSON value as it has them, each before those of the messages inside of it. */
export function namesWritten(desc: DescMessage, value: unknown): string[] {
  if (!isObject(value)) return [];
  const inside = Object.entries(value).flatMap(([name, given]) => {
    const field = fieldNamed(desc, name);
    if (field?.message === undefined || field.fieldKind === "map") return [];
    const { message } = field;
    // Lists in lists are no messages, and a text of nothing but brackets would be as many calls deep.
    return Array.isArray(given) ? given.flatMap((item) => namesWritten(message, item)) : namesWritten(message, given);
  });
  return [...Object.keys(value), ...inside];
}

function callersNames(desc: DescMessage, written: readonly string[]): ReadonlyMap<string, string> {
  const all = messagesIn(desc);
  const fields = all.toReversed().flatMap((each) => each.fields);
  const names = new Map(fields.map(({ name, jsonName }) => [name, jsonName]));
  // From the last on: of two names for one field the first counts.
  for (const name of written.toReversed()) {
    const field = all.map((each) => fieldNamed(each, name)).find((each) => each !== undefined);
    if (field !== undefined) names.set(field.name, name);
  }
  return names;
}

/** The message and all that it can hold. */
function messagesIn(desc: DescMessage): DescMessage[] {
  const found = new Set([desc]);
  // A set that grows while it is iterated: the loop visits what it adds.
  for (const each of found) for (const { message } of each.fields) if (message !== undefined) found.add(message);
  return [...found];
}

/** Names that callers send come back in errors, but not megabytes of them. */
const ECHOED_NAME_MAX_CHARACTERS = 64;

/** The name of a field that does not exist, as an error may repeat it. */
export function echoedName(name: string): string {
  return name.slice(0, ECHOED_NAME_MAX_CHARACTERS).toWellFormed();
}
