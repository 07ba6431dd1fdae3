/** Requests that a caller could mean, and requests that no caller would. */

import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { MINUTE_MS } from "../../shared/time-units.ts";
import type { Random } from "./random.ts";
import { spoil } from "./spoil.ts";
import type { Swarm } from "./swarm.ts";
import { bookingIds, erasedIds, FIRST_DAY, guestIds, hostIds } from "./world.ts";

const SLOT_MS = 30 * MINUTE_MS;
const SLOTS = 80 * 48;
const FIELD_SET_SHARE = 0.7;
const REPEATED_MAX = 4;
const DEPTH_MAX = 4;

export interface Encoded {
  readonly binary: Buffer;
  readonly json: Buffer;
}

/** A request in both encodings. They mean the same unless they are spoilt. */
export function drawRequest(random: Random, swarm: Swarm, schema: DescMessage): Encoded {
  const message = messageOf(random, swarm, schema, 0);
  const binary = encoded(() => Buffer.from(toBinary(schema, message)));
  const json = encoded(() => Buffer.from(JSON.stringify(toJson(schema, message))));
  if (!swarm("odd message")) return { binary, json };
  return { binary: spoil(random, binary), json: random.chance(0.5) ? spoil(random, json) : oddJson(random, json) };
}

/** Empty where the message cannot be encoded: an impossible time has no JSON. */
function encoded(encode: () => Buffer): Buffer {
  try {
    return encode();
  } catch {
    return Buffer.alloc(0);
  }
}

function messageOf(random: Random, swarm: Swarm, schema: DescMessage, depth: number): Message {
  if (schema.typeName === "google.protobuf.Timestamp") return instant(random, swarm);
  const message: Record<string, unknown> = {};
  const chosen = new Map(schema.oneofs.map((oneof) => [oneof.name, random.pick(oneof.fields)]));
  for (const field of schema.fields) {
    if (field.oneof !== undefined && chosen.get(field.oneof.name) !== field) continue;
    if (depth >= DEPTH_MAX || !(isKey(field) || random.chance(FIELD_SET_SHARE))) continue;
    const value = valueOf(random, swarm, field, depth);
    if (value === undefined) continue;
    if (field.oneof === undefined) message[field.localName] = value;
    else message[field.oneof.localName] = { case: field.localName, value };
  }
  return create(schema, message);
}

/** Fields that services look at first: a request without them seldom gets any further. */
function isKey({ name }: DescField): boolean {
  return /(^|_)id$|^(start|end)(_time)?$|^slot_duration|^time_zone$|^day$/.test(name) && name !== "request_id";
}

function valueOf(random: Random, swarm: Swarm, field: DescField, depth: number): unknown {
  switch (field.fieldKind) {
    case "message":
      return messageOf(random, swarm, field.message, depth + 1);
    case "enum":
      return enumOf(random, swarm, field);
    case "scalar":
      return scalarOf(random, swarm, field.name, field.scalar);
    case "list":
      return Array.from({ length: random.below(swarm("odd message", 0.1) ? 2000 : REPEATED_MAX) }, () =>
        field.listKind === "message"
          ? messageOf(random, swarm, field.message, depth + 1)
          : field.listKind === "enum"
            ? enumOf(random, swarm, field)
            : scalarOf(random, swarm, field.name, field.scalar),
      );
    case "map":
      return Object.fromEntries(
        Array.from({ length: random.below(swarm("odd message", 0.1) ? 2000 : REPEATED_MAX) }, () => [
          swarm("odd message", 0.2)
            ? random.pick(ODD_TEXTS)
            : random.pick(["source", "é", random.bytes(4).toString("hex")]),
          scalarOf(random, swarm, field.name, ScalarType.STRING),
        ]),
      );
  }
}

function enumOf(
  random: Random,
  swarm: Swarm,
  { enum: type }: DescField & { readonly enum: { values: readonly { number: number }[] } },
) {
  if (swarm("odd message", 0.2)) return random.pick([-1, 99, 2 ** 31 - 1]);
  return random.pick(type.values).number;
}

function instant(random: Random, swarm: Swarm) {
  if (!swarm("odd message", 0.2)) return timestampFromMs(FIRST_DAY + random.below(SLOTS) * SLOT_MS);
  const seconds = random.pick([
    0n,
    -1n,
    -62_135_596_801n,
    253_402_300_800n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    7_258_118_400n,
  ]);
  return { ...timestampFromMs(0), seconds, nanos: random.pick([0, 1, -1, 999_999_999, 1_000_000_000, 2 ** 31 - 1]) };
}

const ODD_TEXTS = [
  "",
  "\0",
  "a\r\nb",
  "\u{202E}",
  "\u{1F600}",
  "null",
  "__proto__",
  "x".repeat(70_000),
  "'; --",
  "%00",
];
const ODD_INTEGERS = [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 1440, 1441, 500, 501, 86_400, 86_401];

function scalarOf(random: Random, swarm: Swarm, name: string, type: ScalarType): unknown {
  const odd = swarm("odd message", 0.2);
  switch (type) {
    case ScalarType.STRING:
      return odd ? random.pick(ODD_TEXTS) : textOf(random, name);
    case ScalarType.BYTES:
      return random.bytes(random.below(20));
    case ScalarType.BOOL:
      return random.chance(0.5);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return odd ? random.pick([-1n, 2n ** 63n - 1n]) : BigInt(random.below(5));
    default:
      return odd ? random.pick(ODD_INTEGERS) : name.startsWith("slot_duration") ? 30 : random.below(60);
  }
}

/** A text that a field of this name may hold. */
function textOf(random: Random, name: string): string {
  switch (name) {
    case "host_id":
      return random.pick(hostIds);
    case "guest_id":
      return random.pick(guestIds);
    case "user_id":
      return random.pick(erasedIds);
    case "booking_id":
      return random.pick(bookingIds);
    case "request_id":
      return `019a0000-0000-4000-8000-${random.bytes(6).toString("hex")}`;
    case "subject":
      return random.pick([...erasedIds, "crm-1"]);
    case "email":
      return `${random.bytes(6).toString("hex")}@example.com`;
    case "etag":
      return random.pick(['"1"', '"2"', "1", ""]);
    case "external_id":
      return random.pick(["crm-1", "crm-2", "crm-3"]);
    case "label":
      return random.pick(["source", "source=Somebody", "=", "a=b=c"]);
    case "paths":
      return random.pick([
        "seats",
        "horizon_days",
        "slot_duration_minutes",
        "slot_duration",
        "display_name",
        "host_id",
        "*",
      ]);
    case "from_date":
      return random.pick(["2027-03-28", "1970-01-01", "2199-12-31", "2027-02-30", "2028-02-29"]);
    case "time_zone":
      return random.pick(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "europe/berlin", "+02:00"]);
    case "start":
      return random.pick(["00:00", "02:00", "09:00", "23:59", "24:00"]);
    case "end":
      return random.pick(["00:01", "03:00", "12:30", "24:00", "00:00"]);
    case "page_token":
      return random.pick(["", "", random.bytes(30).toString("base64url")]);
    case "service":
    case "file_containing_symbol":
      return random.pick(["", "booking.v1.BookingService", "availability.v1.UserService", "grpc.health.v1.Health"]);
    case "file_by_filename":
      return random.pick(["booking/v1/booking_service.proto", "google/protobuf/timestamp.proto", "../../etc/passwd"]);
    default:
      return random.pick(["Somebody", "*", "a b", "é"]);
  }
}

const ODD_VALUES = [
  "null",
  "[]",
  "{}",
  '"x"',
  "1e999",
  "-0",
  "1.5",
  "true",
  '"2150-02-30T00:00:00Z"',
  '"NaN"',
  "9".repeat(300),
];

/** Well-formed JSON that the service must refuse: wrong values, unknown names, the same name twice. */
function oddJson(random: Random, json: Buffer): Buffer {
  const text = json.toString();
  const change: readonly (() => string)[] = [
    () => text.replace(/:("[^"]*"|\d+)/, () => `:${random.pick(ODD_VALUES)}`),
    () => text.replace("{", `{"unknown":${random.pick(ODD_VALUES)},`),
    () => text.replace("{", () => `{${text.slice(1, -1)},`),
    () => text.replace("{", `{${Array.from({ length: random.below(500) }, (_, n) => `"k${n}":1`).join(",")},`),
    () => "[".repeat(random.below(5000)),
    () => `${'{"a":'.repeat(random.below(2000))}1`,
    () => random.pick(ODD_VALUES),
    () => `\u{FEFF}${text}`,
  ];
  return Buffer.from(random.pick(change)());
}
