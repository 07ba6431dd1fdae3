/** Who may make us record what: a caller's word counts as far as the caller may call. */

import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { Health } from "../../shared/gen/health/v1/health_pb.ts";
import { FORM_OF_A_TOKEN } from "../gateway/by-hand.ts";
import { authorizationOf, admin, guest, type Person, tokenOf } from "../support/tokens.ts";
import { createGuest } from "../support/people.ts";
import { waitFor } from "../support/waits.ts";
import { callersSpan, type CallersSpan, startTracedPair, type TracedPair } from "./traced-pair.ts";

let traced: TracedPair;
beforeAll(async () => {
  traced = await startTracedPair(0);
});
afterAll(() => traced.stop());

const id = "00000000-0000-7000-8000-000000000001";

/** Asks each door for a booking that is not there. Its refusal is no matter here. */
async function callAllDoors(authorization: Readonly<Record<string, string>>): Promise<readonly CallersSpan[]> {
  const { connectUrl: baseUrl, grpcAddress } = traced.pair.booking;
  const transports = [
    createGrpcTransport({ baseUrl: `http://${grpcAddress}` }),
    createConnectTransport({ baseUrl, httpVersion: "1.1" }),
    createConnectTransport({ baseUrl, httpVersion: "2" }),
  ];
  const callers: CallersSpan[] = [];
  for (const transport of transports) {
    const caller = callersSpan();
    callers.push(caller);
    const headers = { ...authorization, ...caller.headers };
    await createClient(BookingService, transport)
      .getBooking({ bookingId: id }, { headers })
      .catch(() => undefined);
  }
  const caller = callersSpan();
  callers.push(caller);
  const headers = { ...authorization, ...caller.headers };
  await fetch(`${traced.gateway.url}/bookings/${id}`, { headers });
  return callers;
}

/** Resolves when all that was recorded before has been sent. */
async function sent(): Promise<void> {
  for (const caller of await callAllDoors(await authorizationOf(admin))) {
    await waitFor(() => expect(traced.collector.spansOf(caller.traceId).length).toBeGreaterThan(0));
  }
}

test("a call of a stranger leaves no span at any door, though its trace is to be kept", async () => {
  const callers = [
    ...(await callAllDoors(FORM_OF_A_TOKEN)),
    ...(await callAllDoors({})),
    ...(await callAllDoors({ authorization: `Bearer ${await tokenOf(admin, { lifetimeSeconds: -3600 })}` })),
    // A good token of nobody.
    ...(await callAllDoors(await authorizationOf(guest("nobody-we-know")))),
  ];
  await sent();
  for (const { traceId } of callers) expect(traced.collector.spansOf(traceId)).toEqual([]);
});

test("a call that the gateway answers itself leaves none either: it does not know who calls", async () => {
  const caller = callersSpan();
  const answer = await fetch(`${traced.gateway.url}/bookings`, {
    method: "POST",
    body: "{",
    headers: { ...FORM_OF_A_TOKEN, ...caller.headers, "content-type": "application/json" },
  });
  expect(answer.status).toBe(400);
  await sent();
  expect(traced.collector.spansOf(caller.traceId)).toEqual([]);
});

test("nor does a probe, which needs no token", async () => {
  const caller = callersSpan();
  const transport = createConnectTransport({ baseUrl: traced.pair.booking.connectUrl, httpVersion: "1.1" });
  await createClient(Health, transport).check({}, { headers: caller.headers });
  await sent();
  expect(traced.collector.spansOf(caller.traceId)).toEqual([]);
});

test("a call that its caller's role may not make is in its caller's trace", async () => {
  const person: Person = guest(await createGuest(traced.pair.clients));
  const caller = callersSpan();
  const body = { displayName: "Somebody" };
  const { status } = await traced.gateway.call("POST", "/users", { body, as: person, headers: caller.headers });
  expect(status).toBe(403);
  await waitFor(() =>
    expect(traced.collector.spansOf(caller.traceId).map(({ attributes }) => attributes["slotwright.reason"])).toEqual([
      "ROLE_NOT_ALLOWED",
      "ROLE_NOT_ALLOWED",
      "ROLE_NOT_ALLOWED",
    ]),
  );
});

test("a caller that calls too often leaves no spans of what is refused for that", async () => {
  const limited = await startTracedPair(0, { RATE_LIMIT_READS_PER_SECOND: "1" });
  try {
    const guestId = await createGuest(limited.pair.clients);
    const callers = Array.from({ length: 12 }, () => callersSpan());
    const statuses: number[] = [];
    for (const { headers } of callers) {
      const { status } = await limited.gateway.call("GET", `/users/${guestId}`, { as: guest(guestId), headers });
      statuses.push(status);
    }
    expect(new Set(statuses)).toContain(429);
    await limited.end();
    for (const [index, { traceId }] of callers.entries()) {
      expect(limited.collector.spansOf(traceId).length > 0).toBe(statuses[index] !== 429);
    }
  } finally {
    await limited.stop();
  }
});
