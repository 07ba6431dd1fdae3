/** grpc-gateway, which others generate from the contracts, in front of the pair: what docs/gateways.md says of it. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hours } from "../support/hosts-time.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime } from "../support/people.ts";
import { saySkipped } from "../support/installed.ts";
import { admin, authorizationOf } from "../support/tokens.ts";
import { type GoGateway, missingForGo, startGoGateway } from "./go-gateway.ts";

const missing = missingForGo();
saySkipped(missing, "grpc-gateway is not generated and run");

describe.skipIf(missing.length > 0)("grpc-gateway", () => {
  let pair: Pair;
  let gateway: GoGateway;
  let hostId: string;
  let guestId: string;
  beforeAll(async () => {
    pair = await startPair();
    gateway = await startGoGateway(pair.availability.grpcAddress, pair.booking.grpcAddress);
    hostId = await createHost(pair.clients);
    guestId = await createGuest(pair.clients);
    await openTime(pair.clients, hostId, hours(8, 16), 60);
  });
  afterAll(async () => {
    await gateway.stop();
    await pair.stop();
  });

  async function call(method: string, path: string, body?: object) {
    const answer = await fetch(`${gateway.url}${path}`, {
      method,
      headers: { ...(await authorizationOf(admin)), "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  }
  // JSON, as the test expects it.
  type Json = { readonly [name: string]: Json } & string & readonly Json[];

  const iso = (hour: number): string => new Date(hours(hour, hour + 1).start).toISOString();
  const booking = (hour: number, more: object = {}) => ({
    hostId,
    guestId,
    startTime: iso(hour),
    endTime: iso(hour + 1),
    ...more,
  });

  test("lists, books, is refused with the reason, and cancels, by the paths of the contracts", async () => {
    const query = `startTime=${iso(8)}&endTime=${iso(16)}`;
    expect((await call("GET", `/slots?hostId=${hostId}&${query}`)).body["slots"]).toHaveLength(8);
    const made = await call("POST", "/bookings", booking(8));
    expect(made).toMatchObject({
      status: 200,
      body: { booking: { hostId, state: "BOOKING_STATE_CONFIRMED", seat: 1 } },
    });
    const again = await call("POST", "/bookings", booking(8));
    expect(again).toMatchObject({ status: 409, body: { code: 10, details: [{ reason: "SLOT_TAKEN" }] } });
    const id = made.body["booking"]?.["id"];
    const cancelled = await call("POST", `/bookings/${id}:cancel`, { reason: "ill" });
    expect(cancelled).toMatchObject({ status: 200, body: { booking: { state: "BOOKING_STATE_CANCELLED" } } });
  });

  test("sets weekly hours and changes rules by a mask", async () => {
    const hoursOfWeek = {
      timeZone: "Europe/Berlin",
      slotDuration: 60,
      ranges: [{ day: "MONDAY", start: "09:00", end: "17:00" }],
    };
    const { status, body } = await call("PUT", `/hosts/${hostId}/weekly-hours`, hoursOfWeek);
    expect(status, JSON.stringify(body)).toBe(200);
    const changed = await call("PATCH", `/hosts/${hostId}/rules`, { seats: 2, updateMask: "seats" });
    expect(changed).toMatchObject({ status: 200, body: { rules: { seats: 2 } } });
  });

  test("a field that nobody knows is refused, with the marshaler that the page shows", async () => {
    const { status, body } = await call("POST", "/bookings", booking(9, { holdSecond: 60 }));
    expect([status, body["message"]]).toEqual([400, expect.stringContaining("holdSecond")]);
  });

  test("a call without a token is 401, and a stream is lines", async () => {
    const bare = await fetch(`${gateway.url}/bookings?hostId=${hostId}`);
    expect(bare.status).toBe(401);
    const leaving = new AbortController();
    const stream = await fetch(`${gateway.url}/bookings:watch?hostId=${hostId}&afterSequence=0`, {
      headers: await authorizationOf(admin),
      signal: leaving.signal,
    });
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>;
    const { value } = await stream.body!.pipeThrough(decoder).getReader().read();
    expect(value).toMatch(/^\{"result":\{/);
    leaving.abort();
  });
});
