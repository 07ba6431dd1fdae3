/** Spans as the OTLP protobuf has them (opentelemetry/proto/trace/v1), read field by field: as much as tests ask for. */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export interface SentSpan {
  /** `slotwright-booking` */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly state: string;
  readonly name: string;
  /** INTERNAL, SERVER, CLIENT: 1, 2, 3. */
  readonly kind: number;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: an error. */
  readonly status: number;
}

/** All fields of a message by their numbers, each as often as it came. */
type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint)[]>;

/** The spans of an ExportTraceServiceRequest. */
export function spansIn(request: Uint8Array): SentSpan[] {
  return messages(fieldsOf(request), 1).flatMap((ofResource) => {
    const service = messages(ofResource, 1).map((resource) => attributesOf(resource, 1)["service.name"])[0];
    const spans = messages(ofResource, 2).flatMap((ofScope) => messages(ofScope, 2));
    return spans.map((span) => spanOf(String(service), span));
  });
}

function spanOf(service: string, span: Fields): SentSpan {
  return {
    service,
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    state: text(span, 3),
    parentSpanId: hex(span, 4),
    name: text(span, 5),
    kind: Number(number(span, 6)),
    startNanos: number(span, 7),
    endNanos: number(span, 8),
    attributes: attributesOf(span, 9),
    links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    status: Number(messages(span, 15).map((status) => number(status, 3))[0] ?? 0),
  };
}

function attributesOf(message: Fields, field: number): SentSpan["attributes"] {
  const entries = messages(message, field).map((pair) => {
    const [value] = messages(pair, 2);
    return [text(pair, 1), value === undefined ? "" : valueOf(value)] as const;
  });
  return Object.fromEntries(entries);
}

function valueOf(value: Fields): string | number | boolean {
  if (value.has(2)) return number(value, 2) === 1n;
  if (value.has(3)) return Number(number(value, 3));
  return text(value, 1);
}

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number_, type] = reader.tag();
    const value = fieldOf(reader, type);
    if (value === undefined) continue;
    fields.set(number_, [...(fields.get(number_) ?? []), value]);
  }
  return fields;
}

function fieldOf(reader: BinaryReader, type: WireType): Uint8Array | bigint | undefined {
  if (type === WireType.LengthDelimited) return reader.bytes();
  if (type === WireType.Varint) return BigInt(reader.uint64());
  if (type === WireType.Bit64) return BigInt(reader.fixed64());
  reader.skip(type);
  return undefined;
}

function messages(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).flatMap((value) => (value instanceof Uint8Array ? [fieldsOf(value)] : []));
}

function bytesOf(fields: Fields, field: number): Uint8Array {
  const value = fields.get(field)?.at(-1);
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function hex(fields: Fields, field: number): string {
  return Buffer.from(bytesOf(fields, field)).toString("hex");
}

function text(fields: Fields, field: number): string {
  return Buffer.from(bytesOf(fields, field)).toString();
}

function number(fields: Fields, field: number): bigint {
  const value = fields.get(field)?.at(-1);
  return typeof value === "bigint" ? value : 0n;
}
