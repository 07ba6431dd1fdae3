/** The pair as JSON over HTTP: every method that has such a form, through the gateway. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpRuleOf, readContract } from "../../services/gateway/contract/contract.ts";
import { bindingsOf } from "../../services/gateway/transcoding/binding.ts";
import { routeTable } from "../../services/gateway/transcoding/table.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn, startGatewayOf } from "./started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { guest, host } from "../support/tokens.ts";

let pair: Pair;
let gateway: GatewayUnderTest;
let hostId: string;
let guestId: string;

const { methods } = await readContract();
const table = routeTable(methods.flatMap((method) => bindingsOf(method, httpRuleOf(method))));
/** The methods that have answered a call of these tests, other than with a refusal. */
const answered = new Set<string>();

beforeAll(async () => {
  pair = await startPair();
  gateway = recording(await startGatewayOf(pair));
  hostId = await createHost(pair.clients);
  guestId = await createGuest(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(18) });
});

afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

function recording(started: GatewayUnderTest): GatewayUnderTest {
  return {
    ...started,
    async call(httpMethod, path, options) {
      const found = table.find(httpMethod, path.split("?", 1)[0] ?? "");
      const called = await started.call(httpMethod, path, options);
      if (called.status < 300 && typeof found !== "string" && "binding" in found)
        answered.add(found.binding.method.name);
      return called;
    },
  };
}

function time(instant: number): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

function slot(hour: number) {
  return { hostId, guestId, startTime: time(tomorrow(hour)), endTime: time(tomorrow(hour) + HOUR_MS / 2) };
}

async function booked(hour: number, more: object = {}) {
  const { body } = await gateway.call("POST", "/bookings", { body: { ...slot(hour), ...more } });
  return body["booking"]!;
}

describe("the request of the seed", () => {
  /** To the letter, but for the id. */
  const seed = { startTime: "2025-01-01T10:00:00Z", endTime: "2025-01-01T13:00:00Z", slotDuration: 30 };

  test("makes an availability, and the hour behind it is merged into it", async () => {
    const seedHostId = await createHost(pair.clients);
    const made = await gateway.call("POST", "/availability", { body: { hostId: seedHostId, ...seed } });
    expect(made.status).toBe(201);
    const id = expect.any(String) as string;
    expect(made.body).toEqual({ availability: { id, hostId: seedHostId, ...seed } });
    const more = { ...seed, hostId: seedHostId, startTime: seed.endTime, endTime: "2025-01-01T14:00:00Z" };
    const merged = await gateway.call("POST", "/availability", { body: more });
    expect(merged.body["availability"]).toMatchObject({ startTime: seed.startTime, endTime: more.endTime });
  });

  test.each<[string, object, string, (string | undefined)[]]>([
    [
      "nothing is there",
      { hostId: undefined, startTime: undefined, endTime: undefined, slotDuration: undefined },
      "INVALID_REQUEST",
      ["host_id", "start_time", "end_time", "slot_duration_minutes"],
    ],
    ["hostId is not a UUID", { hostId: "uuid" }, "INVALID_REQUEST", ["host_id"]],
    ["startTime is no ISO timestamp", { startTime: "1.1.2025 10:00" }, "INVALID_REQUEST", ["start_time"]],
    ["endTime does not exist", { endTime: "2025-02-30T13:00:00Z" }, "INVALID_REQUEST", ["end_time"]],
    ["startTime is not UTC", { startTime: "2025-01-01T10:00:00+02:00" }, "INVALID_REQUEST", ["start_time"]],
    ["endTime is not greater", { endTime: seed.startTime }, "INVALID_REQUEST", ["end_time"]],
    ["slotDuration is not greater than 0", { slotDuration: 0 }, "INVALID_REQUEST", ["slot_duration_minutes"]],
    ["slotDuration is no whole number", { slotDuration: 7.5 }, "INVALID_REQUEST", ["slot_duration_minutes"]],
    ["a field is not one", { slotDurations: 30 }, "INVALID_REQUEST", ["slotDurations"]],
    [
      "some cannot be read and others break their rules",
      { hostId: "uuid", startTime: "now", slotDuration: 0 },
      "INVALID_REQUEST",
      ["start_time", "host_id", "slot_duration_minutes"],
    ],
    [
      "one cannot be read and the times are swapped",
      { slotDuration: "x", endTime: "2024-01-01T00:00:00Z" },
      "INVALID_REQUEST",
      ["slot_duration_minutes", "end_time"],
    ],
    [
      "one cannot be read and the other is too fine",
      { startTime: "2025-01-01T10:00:00.0001Z", endTime: "x" },
      "INVALID_REQUEST",
      ["start_time", "end_time"],
    ],
    [
      "one is not a field and a time is too late for us",
      { endTime: "2200-01-01T00:00:00Z", more: 1 },
      "INVALID_REQUEST",
      ["end_time", "more"],
    ],
    [
      "one is not a field and the range is too long",
      { endTime: "2026-01-02T10:00:00.001Z", more: 1 },
      "INVALID_REQUEST",
      ["end_time", "more"],
    ],
    [
      "one is not a field and the range is as long as may be",
      { endTime: "2026-01-02T10:00:00Z", more: 1 },
      "INVALID_REQUEST",
      ["more"],
    ],
    ["hostId belongs to nobody", { hostId: randomUUID() }, "USER_NOT_FOUND", []],
    ["slotDuration is not that of the host", { slotDuration: 45 }, "SLOT_DURATION_MISMATCH", []],
  ])("is refused where %s", async (_what, change, reason, fields) => {
    const refused = await gateway.call("POST", "/availability", { body: { hostId, ...seed, ...change } });
    expect([refused.status, reasonIn(refused), new Set(fieldsIn(refused))]).toEqual([
      reason === "USER_NOT_FOUND" ? 404 : 400,
      reason,
      new Set(fields),
    ]);
  });

  test("is refused where hostId belongs to a guest", async () => {
    const refused = await gateway.call("POST", "/availability", { body: { hostId: guestId, ...seed } });
    expect([refused.status, reasonIn(refused)]).toEqual([400, "NOT_A_HOST"]);
  });
});

describe("beside a field that cannot be read, others are named by what the contract says of them", () => {
  const id = "/bookings/0190a000-0000-7000-8000-000000000001";

  test.each<[what: string, httpMethod: string, path: string, body: object | undefined, fields: string[]]>([
    ["what is missing", "POST", "/users", { x: 1 }, ["x", "email", "display_name", "role"]],
    [
      "a role that is none",
      "POST",
      "/users",
      { x: 1, email: "a@b.de", displayName: "A", role: "ROLE_UNSPECIFIED" },
      ["x", "role"],
    ],
    [
      "a text that is too long",
      "POST",
      "/users",
      { x: 1, email: "a@b.de", displayName: "é".repeat(201), role: 1 },
      ["x", "display_name"],
    ],
    [
      "an etag, likewise",
      "POST",
      `${id}:cancel`,
      { x: 1, etag: "1".repeat(65), requestId: "once" },
      ["x", "etag", "request_id"],
    ],
    [
      "neither of two of which one is required",
      "GET",
      "/bookings?x=1&page_size=-1",
      undefined,
      ["x", "host_id", "page_size"],
    ],
    [
      "a token that is too long",
      "GET",
      `/bookings?x=1&guest_id=1&page_token=${"a".repeat(1025)}`,
      undefined,
      ["x", "guest_id", "page_token"],
    ],
    [
      "a number out of its range",
      "GET",
      "/bookings:watch?x=1&after_sequence=-1",
      undefined,
      ["x", "host_id", "after_sequence"],
    ],
    [
      "2^53",
      "GET",
      "/bookings:watch?x=1&after_sequence=9007199254740992",
      undefined,
      ["x", "host_id", "after_sequence"],
    ],
    [
      "a hold of a second and a booking of 25 hours",
      "POST",
      "/bookings",
      { x: 1, ...slot(9), endTime: time(tomorrow(34)), holdSeconds: 1 },
      ["x", "host_id", "guest_id", "end_time", "hold_seconds"],
    ],
  ])("%s", async (_what, httpMethod, path, body, fields) => {
    const refused = await gateway.call(httpMethod, path, { body });
    expect([refused.status, reasonIn(refused), fieldsIn(refused)]).toEqual([400, "INVALID_REQUEST", fields]);
  });
});

describe("users", () => {
  test("are created, shown and listed in pages", async () => {
    const body = { email: `${randomUUID()}@example.com`, displayName: "Ada Ö.", role: "ROLE_HOST" };
    const { status, body: created } = await gateway.call("POST", "/users", { body });
    expect([status, created["user"]]).toEqual([201, expect.objectContaining(body)]);
    const shown = await gateway.call("GET", `/users/${created["user"]!["id"]}`);
    expect([shown.status, shown.body]).toEqual([200, created]);
    const page = await gateway.call("GET", "/users?page_size=1&role=ROLE_HOST");
    expect(page.body["users"]).toHaveLength(1);
    const next = await gateway.call("GET", `/users?pageSize=1&role=1&page_token=${page.body["nextPageToken"]}`);
    expect(next.body["users"]).toHaveLength(1);
    expect(next.body["users"]).not.toEqual(page.body["users"]);
    const twice = await gateway.call("POST", "/users", { body });
    expect([twice.status, reasonIn(twice)]).toEqual([409, "EMAIL_TAKEN"]);
  });
});

describe("open time and slots", () => {
  test("are listed, and removed", async () => {
    const ownHostId = await createHost(pair.clients);
    await openTime(pair.clients, ownHostId, { start: tomorrow(8), end: tomorrow(10) });
    const window = `host_id=${ownHostId}&start_time=${time(tomorrow(0))}&end_time=${time(tomorrow(24))}`;
    const listed = await gateway.call("GET", `/availability?${window}`);
    expect(listed.body["availabilities"]).toMatchObject([{ startTime: time(tomorrow(8)), slotDuration: 30 }]);
    const slots = await gateway.call("GET", `/slots?${window}`);
    expect(slots.body["slots"]).toHaveLength(4);
    const body = { hostId: ownHostId, startTime: time(tomorrow(9)), endTime: time(tomorrow(24)) };
    const removed = await gateway.call("POST", "/availability:remove", { body });
    expect([removed.status, removed.body["removedCount"]]).toEqual([200, 1]);
    expect((await gateway.call("GET", `/slots?${window}`)).body["slots"]).toHaveLength(2);
  });

  test("a removal that would strand a booking names it", async () => {
    const { id } = await booked(8);
    const body = { hostId, startTime: slot(8).startTime, endTime: slot(8).endTime };
    const refused = await gateway.call("POST", "/availability:remove", { body });
    expect([refused.status, reasonIn(refused)]).toEqual([400, "AVAILABILITY_BOOKED"]);
    expect(JSON.stringify(refused.body)).toContain(id);
  });
});

describe("bookings", () => {
  test("are made, shown, moved, cancelled and listed", async () => {
    const created = await gateway.call("POST", "/bookings", { body: slot(9) });
    expect([created.status, created.headers.get("etag")]).toEqual([201, created.body["booking"]!["etag"]]);
    const path = `/bookings/${created.body["booking"]!["id"]}`;
    const shown = await gateway.call("GET", path);
    expect([shown.status, shown.body]).toEqual([200, created.body]);
    const { startTime, endTime } = slot(10);
    const moved = await gateway.call("POST", `${path}:reschedule`, { body: { startTime, endTime } });
    expect([moved.status, moved.body["booking"]!["startTime"]]).toEqual([200, startTime]);
    const cancelled = await gateway.call("POST", `${path}:cancel`);
    expect([cancelled.status, cancelled.body["booking"]!["state"]]).toEqual([200, "BOOKING_STATE_CANCELLED"]);
    const window = `start_time=${startTime}&end_time=${endTime}`;
    const listed = await gateway.call(
      "GET",
      `/bookings?host_id=${hostId}&states=4&states=BOOKING_STATE_CANCELLED&${window}`,
    );
    expect(listed.body["bookings"]).toEqual([cancelled.body["booking"]]);
    expect(listed.body["sequence"]).toMatch(/^\d+$/);
  });

  test("are held, and confirmed without a body", async () => {
    const held = await booked(11, { holdSeconds: 60 });
    expect(held["state"]).toBe("BOOKING_STATE_HELD");
    const confirmed = await gateway.call("POST", `/bookings/${held["id"]}:confirm`);
    expect([confirmed.status, confirmed.body["booking"]!["state"]]).toEqual([200, "BOOKING_STATE_CONFIRMED"]);
  });

  test("of a slot that is taken are a conflict", async () => {
    await booked(12);
    const refused = await gateway.call("POST", "/bookings", { body: slot(12) });
    expect([refused.status, refused.body["code"], reasonIn(refused)]).toEqual([409, 10, "SLOT_TAKEN"]);
  });

  test("are watched, as lines that end when the caller says so", async () => {
    const watched = await gateway.call("GET", `/bookings:watch?host_id=${hostId}`, {
      headers: { "connect-timeout-ms": "5000" },
    });
    const lines = watched.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect([watched.status, lines[0], lines.at(-1)]).toEqual([
      200,
      { sequence: expect.any(String) as string },
      { error: expect.objectContaining({ code: 4 }) as object },
    ]);
  });

  test("of others are not found, by the token that the gateway passes on", async () => {
    const { id } = await booked(13);
    const path = `/bookings/${id}`;
    expect((await gateway.call("GET", path, { as: guest(guestId) })).status).toBe(200);
    expect((await gateway.call("GET", path, { as: host(hostId) })).status).toBe(200);
    const stranger = await gateway.call("GET", path, { as: guest(randomUUID()) });
    expect([stranger.status, reasonIn(stranger)]).toEqual([404, "BOOKING_NOT_FOUND"]);
  });
});

describe("Idempotency-Key", () => {
  const keyed = (key: string, body: object) =>
    gateway.call("POST", "/bookings", { body, headers: { "idempotency-key": key } });

  test("makes a booking once, and answers the same again", async () => {
    const key = randomUUID();
    const first = await keyed(key, slot(14));
    const second = await keyed(`"${key}"`, { ...slot(14), requestId: key.toUpperCase() });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    const other = await keyed(key, slot(13));
    expect([other.status, reasonIn(other)]).toEqual([409, "REQUEST_ID_REUSED"]);
  });

  test("counts where the body has none: null and an empty text are none", async () => {
    const key = randomUUID();
    const first = await keyed(key, { ...slot(15), requestId: null });
    const second = await keyed(key, { ...slot(15), request_id: "" });
    expect([first.status, second.status, second.body]).toEqual([201, 201, first.body]);
  });

  test("that is no UUID, or not that of the body, is refused", async () => {
    for (const refused of [
      await keyed("1", slot(14)),
      await keyed(randomUUID(), { ...slot(14), requestId: randomUUID() }),
    ]) {
      expect([refused.status, fieldsIn(refused)]).toEqual([400, ["request_id"]]);
    }
  });

  test("is refused where nothing would come of it, and left alone by reads", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = { email: `${randomUUID()}@example.com`, displayName: "Ada", role: "ROLE_USER" };
    const refused = await gateway.call("POST", "/users", { headers, body });
    expect([refused.status, fieldsIn(refused)]).toEqual([400, ["request_id"]]);
    expect((await gateway.call("GET", `/users/${hostId}`, { headers })).status).toBe(200);
  });
});

describe("If-Match", () => {
  test("lets through what has not changed, and refuses what has", async () => {
    const { id, etag } = await booked(16);
    const move = (ifMatch: string, hour: number) =>
      gateway.call("POST", `/bookings/${id}:reschedule`, {
        headers: { "if-match": ifMatch },
        body: { startTime: slot(hour).startTime, endTime: slot(hour).endTime },
      });
    const moved = await move(String(etag), 17);
    expect([moved.status, moved.headers.get("etag")]).toEqual([200, moved.body["booking"]!["etag"]]);
    const stale = await move(String(etag), 16);
    expect([stale.status, reasonIn(stale)]).toEqual([412, "ETAG_MISMATCH"]);
    expect((await move("*", 16)).status).toBe(200);
    expect(fieldsIn(await move('"1", "2"', 17))).toEqual(["etag"]);
    const inBody = await gateway.call("POST", `/bookings/${id}:cancel`, { body: { etag } });
    expect([inBody.status, reasonIn(inBody)]).toEqual([409, "ETAG_MISMATCH"]);
  });

  test("with a weak etag matches nothing, not even what has not changed", async () => {
    const { id, etag } = await booked(17);
    const cancel = (ifMatch: string, body: object) =>
      gateway.call("POST", `/bookings/${id}:cancel`, { headers: { "if-match": ifMatch }, body });
    const weak = await cancel(`W/${etag}`, {});
    expect([weak.status, reasonIn(weak)]).toEqual([412, "ETAG_MISMATCH"]);
    // Null in the body is no etag, and no id that contradicts the path.
    expect((await cancel(String(etag), { etag: null, bookingId: null })).status).toBe(200);
  });
});

test("every method with a JSON form has answered a call of the tests above", () => {
  expect([...answered].toSorted()).toEqual(methods.map(({ name }) => name).toSorted());
});
