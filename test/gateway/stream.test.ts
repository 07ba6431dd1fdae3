/** WatchBookings over HTTP: lines of JSON, or server-sent events for those who ask. */

import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { streamForm } from "../../services/gateway/answers/stream-form.ts";
import { readContract } from "../../services/gateway/contract/contract.ts";
import { WatchBookingsResponseSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { HOUR_MS } from "../../shared/time-units.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn, startGatewayOf } from "./started.ts";
import { watch } from "./watch.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";

let pair: Pair;
let gateway: GatewayUnderTest;
let hostId: string;
let guestId: string;

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  guestId = await createGuest(pair.clients);
  hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(20) });
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

/** Books the next slot, which is one change of the host. */
let hour = 8;
async function book(): Promise<void> {
  const [startTime, endTime] = [tomorrow(hour), tomorrow(hour) + HOUR_MS / 2].map((at) => new Date(at).toISOString());
  hour += 1;
  expect((await gateway.call("POST", "/bookings", { body: { hostId, guestId, startTime, endTime } })).status).toBe(201);
}

describe("lines of JSON", () => {
  test("begin with where the stream starts, and bring every change", async () => {
    await book();
    const watching = await watch(gateway, `host_id=${hostId}&after_sequence=0`);
    expect([watching.status, watching.contentType]).toEqual([200, "application/x-ndjson"]);
    expect(JSON.parse((await watching.next())!)).toEqual({});
    expect(JSON.parse((await watching.next())!)).toMatchObject({ sequence: "1", event: { booking: { guestId } } });
    await book();
    expect(JSON.parse((await watching.next())!)).toMatchObject({ sequence: "2" });
    watching.leave();
  });

  test("that are refused have an HTTP status like any call", async () => {
    const unknown = await gateway.call("GET", `/bookings:watch?host_id=${hostId}&after_sequence=1000`);
    expect([unknown.status, reasonIn(unknown)]).toEqual([400, "SEQUENCE_UNKNOWN"]);
    const wrong = await gateway.call("GET", "/bookings:watch?host_id=x&after_sequence=-");
    expect([wrong.status, fieldsIn(wrong)]).toEqual([400, ["after_sequence", "host_id"]]);
  });

  test("that end early say why in the last one", async () => {
    const watching = await watch(gateway, `host_id=${hostId}`, { "connect-timeout-ms": "5000" });
    await watching.next();
    expect(JSON.parse((await watching.next())!)).toMatchObject({ error: { code: 4 } });
    expect(await watching.next()).toBeUndefined();
  });
});

describe("server-sent events", () => {
  const accept = { accept: "text/event-stream" };

  test("have the sequence as their id, and go on behind the last one that was seen", async () => {
    await book();
    const watching = await watch(gateway, `host_id=${hostId}&after_sequence=0`, accept);
    expect([watching.status, watching.contentType]).toEqual([200, "text/event-stream"]);
    expect(await watching.next()).toBe("retry: 1000\nid: 0\ndata: {}");
    const [id, data] = (await watching.next())!.split("\n");
    expect(id).toBe("id: 1");
    expect(JSON.parse(data!.replace("data: ", ""))).toMatchObject({ sequence: "1", event: { booking: { guestId } } });
    watching.leave();

    // A browser sends the same URL again.
    const resumed = await watch(gateway, `host_id=${hostId}&after_sequence=0`, { ...accept, "last-event-id": "1" });
    expect(await resumed.next()).toContain("id: 1\n");
    expect(await resumed.next()).toMatch(/^id: 2\n/);
    resumed.leave();
  });

  test("that end early say why, and under a name that is not that of a broken connection", async () => {
    const watching = await watch(gateway, `host_id=${hostId}`, { ...accept, "connect-timeout-ms": "5000" });
    await watching.next();
    const [event, data] = (await watching.next())!.split("\n");
    expect(event).toBe("event: status");
    expect(JSON.parse(data!.replace("data: ", ""))).toMatchObject({ code: 4 });
  });

  test("an id that is none is refused", async () => {
    const refused = await gateway.call("GET", `/bookings:watch?host_id=${hostId}`, {
      headers: { "last-event-id": "x" },
    });
    expect([refused.status, fieldsIn(refused)]).toEqual([400, ["afterSequence"]]);
  });

  test("keep the connection alive with comments, where the service sends a message without an event", async () => {
    const form = streamForm(
      "text/html, text/event-stream;q=0.9",
      WatchBookingsResponseSchema,
      (await readContract()).types,
    );
    const alive = create(WatchBookingsResponseSchema, { sequence: 7n });
    expect(form.message(alive, true)).toBe('retry: 1000\nid: 7\ndata: {"sequence":"7"}\n\n');
    expect(form.message(alive, false)).toBe(": keep-alive\n\n");
  });
});
