/** The pair as JSON over HTTP: every method that has such a form, through the gateway. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpRuleOf, readContract } from "../../services/gateway/contract/contract.ts";
import { bindingsOf } from "../../services/gateway/transcoding/binding.ts";
import { routeTable } from "../../services/gateway/transcoding/table.ts";
import { type Bookable, SEED as seed, type Slot, startBookable, time } from "./bookable.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn } from "./started.ts";
import type { Pair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { guest, host } from "../support/tokens.ts";

let bookable: Bookable;
let pair: Pair;
let gateway: GatewayUnderTest;
let hostId: string;
let guestId: string;
const slot = (hour: number): Slot => bookable.slot(hour);

const { methods } = await readContract();
const table = routeTable(methods.flatMap((method) => bindingsOf(method, httpRuleOf(method))));
/** The methods that have answered a call of these tests, other than with a refusal. */
const answered = new Set<string>();

beforeAll(async () => {
  bookable = await startBookable();
  ({ pair, hostId, guestId } = bookable);
  gateway = recording(bookable.gateway);
});

afterAll(() => bookable.stop());

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

describe("the request of the seed", () => {
  test("makes an availability, and the hour behind it is merged into it", async () => {
    const seedHostId = await createHost(pair.clients);
    const made = await gateway.call("POST", "/availability", { body: { hostId: seedHostId, ...seed } });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ availability: { hostId: seedHostId, ...seed } });
    const more = { ...seed, hostId: seedHostId, startTime: seed.endTime, endTime: "2025-01-01T14:00:00Z" };
    const merged = await gateway.call("POST", "/availability", { body: more });
    expect(merged.body["availability"]).toMatchObject({ startTime: seed.startTime, endTime: more.endTime });
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

  test("are looked up, changed, deactivated, reactivated and erased", async () => {
    const path = `/users/${await createGuest(pair.clients)}`;
    const externalId = `oidc|${randomUUID()}`;
    const changed = await gateway.call("PATCH", path, { body: { displayName: "Ada", externalId } });
    expect([changed.status, changed.body["user"]]).toMatchObject([200, { displayName: "Ada", externalId }]);
    const found = await gateway.call("POST", "/users:lookup", { body: { externalId } });
    expect([found.status, found.body["user"]]).toEqual([200, changed.body["user"]]);
    for (const [verb, state] of [
      ["deactivate", "USER_STATE_DEACTIVATED"],
      ["reactivate", "USER_STATE_ACTIVE"],
      ["erase", "USER_STATE_ERASED"],
    ]) {
      const done = await gateway.call("POST", `${path}:${verb}`, { body: {} });
      expect([done.status, done.body]).toMatchObject([200, { user: { state }, complete: true }]);
    }
    const gone = await gateway.call("POST", "/users:lookup", { body: { externalId } });
    expect([gone.status, reasonIn(gone)]).toEqual([404, "USER_NOT_FOUND"]);
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

  test("come from weekly hours, but for exceptions", async () => {
    const path = `/hosts/${await createHost(pair.clients)}`;
    const ranges = [
      { day: "MONDAY", start: "09:00", end: "12:30" },
      { day: "SUNDAY", start: "22:00", end: "24:00" },
    ];
    const body = { fromDate: "2025-01-01", timeZone: "Europe/Berlin", ranges: ranges.toReversed() };
    const headers = { "idempotency-key": randomUUID() };
    const set = () => gateway.call("PUT", `${path}/weekly-hours`, { headers, body: { ...body, slotDuration: 30 } });
    const first = await set();
    const weeklyHours = { ...body, ranges };
    expect([first.status, first.body]).toMatchObject([200, { weeklyHours, slotDuration: 30 }]);
    expect((await set()).body).toEqual(first.body);
    const told = await gateway.call("GET", `${path}/weekly-hours`);
    expect([told.status, told.body["weeklyHours"]]).toEqual([200, [weeklyHours]]);
    const hostOfPath = path.split("/").at(-1)!;
    const holiday = { startTime: "2025-04-07T00:00:00Z", endTime: "2025-04-14T00:00:00Z" };
    await gateway.call("POST", "/availability:remove", { body: { hostId: hostOfPath, ...holiday } });
    const window = "start_time=2025-04-01T00:00:00Z&end_time=2025-05-01T00:00:00Z";
    const listed = await gateway.call("GET", `${path}/exceptions?${window}`);
    expect(listed.body["exceptions"]).toEqual([{ kind: "EXCEPTION_KIND_CLOSURE", ...holiday }]);
    const restored = await gateway.call("POST", `${path}/weekly-hours:restore`, { body: holiday });
    expect([restored.status, restored.body]).toEqual([200, { exceptionCount: 1 }]);
    expect((await gateway.call("GET", `${path}/exceptions?${window}`)).body).toEqual({});
  });

  test("has rules, of which those change that are there or that a mask names", async () => {
    const hostOfPath = await createHost(pair.clients);
    const path = `/hosts/${hostOfPath}/rules`;
    const headers = { "idempotency-key": randomUUID() };
    const change = (body: object, more = {}) => gateway.call("PATCH", path, { body, ...more });
    const body = { slotDuration: 20, minimum_notice_minutes: 60, horizonDays: 30 };
    const first = await change(body, { headers });
    const rules = { hostId: hostOfPath, slotDuration: 20, minimumNoticeMinutes: 60, horizonDays: 30, seats: 1 };
    expect([first.status, first.body["rules"]]).toEqual([200, { ...rules, etag: '"1"' }]);
    expect((await change(body, { headers })).body).toEqual(first.body);
    // Empty fields are told as protobuf's JSON does: not at all.
    const masked = await change({ updateMask: "minimumNoticeMinutes,seats", seats: 4, horizonDays: 1 });
    expect(masked.body["rules"]).toEqual({
      hostId: hostOfPath,
      slotDuration: 20,
      horizonDays: 30,
      seats: 4,
      etag: '"2"',
    });
    expect((await gateway.call("GET", path)).body).toEqual(masked.body);
    const refused = await change({ updateMask: "hostId" });
    expect([refused.status, fieldsIn(refused)]).toEqual([400, ["updateMask"]]);
  });

  test("a removal that would strand a booking names it", async () => {
    const { id } = await bookable.booked(8);
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
    const held = await bookable.booked(11, { holdSeconds: 60 });
    expect(held["state"]).toBe("BOOKING_STATE_HELD");
    const confirmed = await gateway.call("POST", `/bookings/${held["id"]}:confirm`);
    expect([confirmed.status, confirmed.body["booking"]!["state"]]).toEqual([200, "BOOKING_STATE_CONFIRMED"]);
  });

  test("of a slot that is taken are a conflict", async () => {
    await bookable.booked(12);
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
    const { id } = await bookable.booked(13);
    const path = `/bookings/${id}`;
    expect((await gateway.call("GET", path, { as: guest(guestId) })).status).toBe(200);
    expect((await gateway.call("GET", path, { as: host(hostId) })).status).toBe(200);
    const stranger = await gateway.call("GET", path, { as: guest(await createGuest(pair.clients)) });
    expect([stranger.status, reasonIn(stranger)]).toEqual([404, "BOOKING_NOT_FOUND"]);
  });
});

test("every method with a JSON form has answered a call of the tests above", () => {
  expect([...answered].toSorted()).toEqual(methods.map(({ name }) => name).toSorted());
});
