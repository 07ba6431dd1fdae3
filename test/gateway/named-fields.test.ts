/** A refusal names a field as its caller wrote it, at both JSON doors; callers in binary get the contract's name. */

import { randomUUID } from "node:crypto";
import { ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BadRequestSchema } from "../../shared/gen/google/rpc/error_details_pb.ts";
import { endingOfConnect, endingOfHttp } from "../support/endings.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, authorizationOf, service } from "../support/tokens.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";

/** What a refusal says: its message, and each wrong field with what is wrong. */
interface Told {
  readonly message: string;
  readonly fields: readonly string[];
  /** Whatever else it says. */
  readonly all: string;
}

let pair: Pair;
let gateway: GatewayUnderTest;
let hostId: string;

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(18) });
});

afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

async function byConnect(body: object): Promise<Told> {
  const answer = await fetch(`${pair.availability.connectUrl}/availability.v1.AvailabilityService/AddAvailability`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(await authorizationOf(admin)) },
    body: JSON.stringify(body),
  });
  const { message, details } = await endingOfHttp(answer);
  return { message, fields: said(details["google.rpc.BadRequest"]), all: JSON.stringify(details) };
}

async function byGateway(body: object): Promise<Told> {
  const { body: status, text } = await gateway.call("POST", "/availability", { body });
  return toldBy(status, text);
}

function toldBy(status: GatewayAnswer["body"], text: string): Told {
  const details = (status["details"] ?? []) as unknown as readonly Record<string, unknown>[];
  const badRequest = details.find((detail) => String(detail["@type"]).endsWith("BadRequest"));
  return { message: String(status["message"]), fields: said(badRequest), all: text };
}

type GatewayAnswer = Awaited<ReturnType<GatewayUnderTest["call"]>>;

function said(badRequest: unknown): string[] {
  const { fieldViolations = [] } = (badRequest ?? {}) as {
    fieldViolations?: readonly { field?: string; description?: string }[];
  };
  return fieldViolations.map(({ field, description }) => `${field} ${description}`);
}

const [TEN, ONE] = ["2025-01-01T10:00:00Z", "2025-01-01T13:00:00Z"];

describe.each([
  ["Connect", byConnect],
  ["the gateway", byGateway],
])("by %s", (_door, add) => {
  const id = "0190a000-0000-7000-8000-000000000001";

  test.each<[what: string, body: object, fields: string[]]>([
    [
      "what is left out, by its name in JSON",
      {},
      ["hostId is required", "startTime is required", "endTime is required", "slotDuration must be from 1 to 1440"],
    ],
    [
      "its own words",
      { hostId: "x", startTime: ONE, endTime: TEN, slotDuration: 30 },
      ["hostId must be a UUID", "endTime must be later than startTime"],
    ],
    [
      "the contract's",
      { host_id: "x", start_time: ONE, end_time: TEN, slot_duration_minutes: 30 },
      ["host_id must be a UUID", "end_time must be later than start_time"],
    ],
    [
      "some of each",
      { host_id: id, start_time: ONE, endTime: TEN, slotDuration: 0 },
      ["slotDuration must be from 1 to 1440", "endTime must be later than start_time"],
    ],
    [
      "the slot's length in full",
      { hostId: id, startTime: TEN, endTime: ONE, slotDurationMinutes: 0 },
      ["slotDurationMinutes must be from 1 to 1440"],
    ],
    [
      "what cannot be read",
      { host_id: id, start_time: "soon", endTime: 7, slotDurationMinutes: 30 },
      ["start_time must be a time such as 2025-01-01T10:00:00Z", "endTime must be a time such as 2025-01-01T10:00:00Z"],
    ],
    [
      "the first of two names for one field",
      { hostId: id, startTime: TEN, start_time: TEN, endTime: ONE, slotDuration: 30 },
      ["startTime is given twice, by two of its names"],
    ],
  ])("a caller is told in %s", async (_what, body, fields) => {
    const told = await add(body);
    expect(new Set(told.fields)).toEqual(new Set(fields));
    const [first = ""] = told.fields;
    expect(told.message.startsWith(first)).toBe(true);
  });

  test("the slot's length goes by three names, and is printed by that of the seed", async () => {
    for (const name of ["slotDuration", "slotDurationMinutes", "slot_duration_minutes"]) {
      const own = await createHost(pair.clients);
      const { message, all } = await add({ hostId: own, startTime: TEN, endTime: ONE, [name]: 30 });
      expect(message + all).toContain('"slotDuration":30');
      const other = await add({ hostId: own, startTime: TEN, endTime: ONE, [name]: 45 });
      expect(other.all).toContain(`"subject":"${name}"`);
    }
  });

  test("a request id that was used is named as it was written", async () => {
    for (const name of ["requestId", "request_id"]) {
      const body = { hostId: await createHost(pair.clients), startTime: TEN, slotDuration: 30, [name]: randomUUID() };
      await add({ ...body, endTime: ONE });
      const told = await add({ ...body, endTime: "2025-01-01T14:00:00Z" });
      expect(told.message).toContain(`this ${name} was used`);
      expect(told.fields).toEqual([`${name} was used with another method or other content; use a new one`]);
    }
  });
});

test.each([
  ["/bookings?host_id=x&pageSize=-1", ["host_id must be a UUID", "pageSize must be 0 or from 1 to 500"]],
  ["/bookings?hostId=x&page_size=-1", ["hostId must be a UUID", "page_size must be 0 or from 1 to 500"]],
  ["/bookings", ["hostId or guestId is required"]],
  ["/bookings?guest_id=", ["hostId or guest_id is required"]],
  ["/bookings/x", ["booking_id must be a UUID"]],
  ["/bookings:watch?hostId=x", ["hostId must be a UUID"]],
  [
    "/bookings:watch?host_id=x&after_sequence=-1",
    ["host_id must be a UUID", "after_sequence must be from 0 to 9007199254740991"],
  ],
])("GET %s", async (path, fields) => {
  const { body, text } = await gateway.call("GET", path);
  expect(toldBy(body, text).fields).toEqual(fields);
});

test("a stream's refusal over Connect, in JSON", async () => {
  const text = Buffer.from(JSON.stringify({ hostId, after_sequence: -1 }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  const answer = await fetch(`${pair.booking.connectUrl}/booking.v1.BookingService/WatchBookings`, {
    method: "POST",
    headers: { "content-type": "application/connect+json", ...(await authorizationOf(admin)) },
    body: Buffer.concat([head, text]),
  });
  expect(await answer.text()).toContain("after_sequence must be from 0");
  const camel = Buffer.from(JSON.stringify({ hostId, afterSequence: -1 }));
  head.writeUInt32BE(camel.length, 1);
  const other = await fetch(answer.url, {
    method: "POST",
    headers: { "content-type": "application/connect+json", ...(await authorizationOf(admin)) },
    body: Buffer.concat([head, camel]),
  });
  expect(await other.text()).toContain("afterSequence must be from 0");
});

test.each([
  [{ start_time: ONE, endTime: TEN }, ["ranges[0].endTime must be later than start_time"]],
  [{ startTime: ONE, end_time: TEN }, ["ranges[0].end_time must be later than startTime"]],
  [{ end_time: TEN }, ["ranges[0].startTime is required"]],
])("a field of a message inside of the request: %o", async (range, fields) => {
  const answer = await fetch(`${pair.booking.connectUrl}/booking.v1.FenceService/FenceHost`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(await authorizationOf(service("availability"))) },
    body: JSON.stringify({ hostId, ranges: [range] }),
  });
  const { details } = await endingOfHttp(answer);
  expect(said(details["google.rpc.BadRequest"])).toEqual(fields);
});

test("a caller in binary is told the contract's names", async () => {
  const thrown: unknown = await pair.clients.availability
    .addAvailability({ hostId: "x" })
    .catch((error: unknown) => error);
  const named = ConnectError.from(thrown).findDetails(BadRequestSchema);
  expect(named.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field))).toEqual([
    "host_id",
    "slot_duration_minutes",
    "start_time",
    "end_time",
  ]);
  expect(endingOfConnect(thrown).message).toContain("host_id must be a UUID");
});

test("a zero offset, as Python writes it, is UTC at both doors; others are not at the gateway", async () => {
  const body = { hostId: await createHost(pair.clients), startTime: "2025-01-01T10:00:00+00:00", slotDuration: 30 };
  for (const add of [byConnect, byGateway]) {
    const { message, all } = await add({ ...body, endTime: "2025-01-01T13:00:00+00:00" });
    expect(message + all).toContain('"startTime":"2025-01-01T10:00:00Z"');
  }
  for (const offset of ["+02:00", "-00:00"]) {
    const told = await byGateway({ ...body, endTime: `2025-01-01T13:00:00${offset}` });
    expect(told.fields).toEqual(["endTime must be in UTC, written with Z or +00:00"]);
  }
});
