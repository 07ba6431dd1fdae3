/** The headers by which a write happens once, or only to what has not changed: Idempotency-Key and If-Match. */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bookable, type Slot, startBookable } from "./bookable.ts";
import { createHost } from "../support/people.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn } from "./started.ts";

let bookable: Bookable;
let gateway: GatewayUnderTest;
const slot = (hour: number): Slot => bookable.slot(hour);

beforeAll(async () => {
  bookable = await startBookable();
  ({ gateway } = bookable);
});
afterAll(() => bookable.stop());

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
      expect([refused.status, fieldsIn(refused)]).toEqual([400, ["requestId"]]);
    }
  });

  test("is refused where nothing would come of it, and left alone by reads", async () => {
    const headers = { "idempotency-key": randomUUID() };
    const body = { email: `${randomUUID()}@example.com`, displayName: "Ada", role: "ROLE_USER" };
    const refused = await gateway.call("POST", "/users", { headers, body });
    expect([refused.status, fieldsIn(refused)]).toEqual([400, ["Idempotency-Key"]]);
    expect(refused.body["message"]).toBe("Idempotency-Key is of no use to this method");
    expect((await gateway.call("GET", `/users/${bookable.hostId}`, { headers })).status).toBe(200);
  });
});

describe("If-Match", () => {
  test("lets through what has not changed, and refuses what has", async () => {
    const { id, etag } = await bookable.booked(16);
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

  test("is refused where nothing would come of it", async () => {
    const refused = await gateway.call("POST", "/users", { headers: { "if-match": '"1"' }, body: {} });
    expect([refused.status, fieldsIn(refused)[0]]).toEqual([400, "If-Match"]);
  });

  test("with a weak etag matches nothing, not even what has not changed", async () => {
    const { id, etag } = await bookable.booked(17);
    const cancel = (ifMatch: string, body: object) =>
      gateway.call("POST", `/bookings/${id}:cancel`, { headers: { "if-match": ifMatch }, body });
    const weak = await cancel(`W/${etag}`, {});
    expect([weak.status, reasonIn(weak)]).toEqual([412, "ETAG_MISMATCH"]);
    // Null in the body is no etag, and no id that contradicts the path.
    expect((await cancel(String(etag), { etag: null, bookingId: null })).status).toBe(200);
  });

  test("of weekly hours lets one of two change them who have read the same", async () => {
    const path = `/hosts/${await createHost(bookable.pair.clients)}/weekly-hours`;
    const set = (ifMatch: string, end: string) =>
      gateway.call("PUT", path, {
        headers: { "if-match": ifMatch },
        body: { timeZone: "Europe/Berlin", ranges: [{ day: "MONDAY", start: "09:00", end }], slotDuration: 30 },
      });
    const etag = String((await gateway.call("GET", path)).headers.get("etag"));
    const first = await set(etag, "12:30");
    expect([first.status, first.headers.get("etag")]).toEqual([200, first.body["etag"]]);
    const second = await set(etag, "17:00");
    expect([second.status, reasonIn(second)]).toEqual([412, "ETAG_MISMATCH"]);
    const read = await gateway.call("GET", path);
    expect([read.headers.get("etag"), read.body["weeklyHours"]![0]]).toEqual([
      first.headers.get("etag"),
      first.body["weeklyHours"],
    ]);
    expect((await set(String(read.headers.get("etag")), "17:00")).status).toBe(200);
  });

  test("of rules lets one of two change them who have read the same", async () => {
    const path = `/hosts/${await createHost(bookable.pair.clients)}/rules`;
    const change = (ifMatch: string, seats: number) =>
      gateway.call("PATCH", path, { headers: { "if-match": ifMatch }, body: { seats } });
    const etag = String((await gateway.call("GET", path)).headers.get("etag"));
    const first = await change(etag, 2);
    expect([first.status, first.headers.get("etag")]).toEqual([200, first.body["rules"]!["etag"]]);
    const second = await change(etag, 3);
    expect([second.status, reasonIn(second)]).toEqual([412, "ETAG_MISMATCH"]);
    const read = await gateway.call("GET", path);
    expect([read.headers.get("etag"), read.body]).toEqual([first.headers.get("etag"), first.body]);
  });
});
