/** Requests in protobuf's binary form that put as much as fits into one place. */

import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ROOM } from "./json-bodies.ts";

export interface Bytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A field number that no message has. */
const UNKNOWN = 9_999;

/** What stands behind a good message, whose fields it sets again or adds to. */
export function binaryTails(desc: DescMessage): Bytes[] {
  const group = new BinaryWriter().tag(UNKNOWN, WireType.StartGroup).finish();
  const groupEnd = new BinaryWriter().tag(UNKNOWN, WireType.EndGroup).finish();
  const whole: Bytes[] = [
    { name: "nothing", bytes: new Uint8Array() },
    { name: "unknown fields", bytes: often(new BinaryWriter().tag(UNKNOWN, WireType.Varint).uint32(0).finish()) },
    { name: "a long unknown field", bytes: field(UNKNOWN, Buffer.alloc(ROOM, "a")) },
    { name: "groups that do not end", bytes: often(group) },
    { name: "groups in groups", bytes: Buffer.concat([often(group, 2), often(groupEnd, 2)]) },
    { name: "a number of many bytes", bytes: Buffer.concat([tag(1, WireType.Varint), Buffer.alloc(ROOM, 0xff)]) },
  ];
  return [...whole, ...desc.fields.flatMap((each) => tailsOf(each))];
}

function tailsOf(each: DescField, depth = 0): Bytes[] {
  const { number, name } = each;
  const inside =
    each.message === undefined || depth > 3 || each.fieldKind === "map" || isWellKnown(each.message)
      ? []
      : each.message.fields.flatMap((inner) =>
          tailsOf(inner, depth + 1).map((tail) => ({ name: `.${tail.name}`, bytes: field(number, tail.bytes) })),
        );
  const varints = ["packed", "unpacked"].flatMap((form) =>
    [1, 99].map((value) => ({
      name: ` ${form} ${value}`,
      bytes:
        form === "packed"
          ? field(number, Buffer.alloc(ROOM, value))
          : often(concat(tag(number, WireType.Varint), value)),
    })),
  );
  const texts = ["a", " ", "😀"].map((one) => ({
    name: ` text of ${one}`,
    bytes: field(number, Buffer.from(one.repeat(ROOM / Buffer.byteLength(one)))),
  }));
  const illFormed = { name: " what is no UTF-8", bytes: field(number, Buffer.alloc(ROOM, 0xff)) };
  const own = [
    ...entriesOf(each),
    ...pathsOf(each),
    ...(isVarint(each) ? varints : [...texts, illFormed]),
    { name: " empty, often", bytes: often(field(number, new Uint8Array())) },
    { name: " short, often", bytes: often(field(number, Buffer.from("a"))) },
    { name: " of another type, often", bytes: often(concat(tag(number, WireType.Bit32), 0, 0, 0, 0)) },
  ];
  return [...own, ...inside].map((tail) => ({ name: `${name}${tail.name}`, bytes: tail.bytes }));
}

/** Many entries of a map, and large ones. */
function entriesOf({ fieldKind, number }: DescField): Bytes[] {
  if (fieldKind !== "map") return [];
  const entry = (key: string, value: string): Uint8Array =>
    field(number, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))]));
  const short = Array.from({ length: Math.floor(ROOM / 16) }, (_, index) => entry(String(index), "v"));
  return [
    { name: " many entries", bytes: Buffer.concat(short) },
    { name: " one entry, often", bytes: often(entry("k", "v")) },
    { name: " a long key", bytes: entry("k".repeat(ROOM), "v") },
    { name: " a long value", bytes: entry("k", "v".repeat(ROOM)) },
    { name: " a key that is no UTF-8", bytes: field(number, field(1, Buffer.alloc(ROOM, 0xff))) },
  ];
}

/** Many paths of a mask. */
function pathsOf({ message, number, parent }: DescField): Bytes[] {
  if (message?.typeName !== FieldMaskSchema.typeName) return [];
  return ["seats", "x", "", parent.fields[0]?.name ?? ""].map((path) => ({
    name: ` paths ${path}`,
    bytes: field(number, often(field(1, Buffer.from(path)))),
  }));
}

function isWellKnown({ file }: DescMessage): boolean {
  return file.proto.package === "google.protobuf";
}

function isVarint({ enum: values, scalar }: DescField): boolean {
  if (values !== undefined) return true;
  return scalar !== undefined && scalar !== ScalarType.STRING && scalar !== ScalarType.BYTES;
}

function tag(number: number, type: WireType): Uint8Array {
  return new BinaryWriter().tag(number, type).finish();
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}

function concat(first: Uint8Array, ...rest: number[]): Uint8Array {
  return Buffer.concat([first, Buffer.from(rest)]);
}

/** As often as it fits, or a part of that. */
function often(bytes: Uint8Array, part = 1): Uint8Array {
  return Buffer.concat(Array.from({ length: Math.floor(ROOM / part / bytes.length) }, () => bytes));
}
