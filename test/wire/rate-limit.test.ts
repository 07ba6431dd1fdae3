/** A caller that asks too often is told when to come again, and no other caller notices. */

import { randomUUID } from "node:crypto";
import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { type Ending, endingOfConnect, endingOfGrpc, endingOfHttp, reasonIn } from "../support/endings.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { authorizationOf, guest, host, type Person, service, tokenOf } from "../support/tokens.ts";
import { waitFor } from "../support/waits.ts";

const READS_PER_SECOND = 2;
const WINDOW_MS = 5_000;
const READS_AT_ONCE = (WINDOW_MS / 1_000) * READS_PER_SECOND;
const OPEN_STREAMS = 2;

let pair: Pair;

beforeAll(async () => {
  pair = await startPair({
    availability: { RATE_LIMIT_READS_PER_SECOND: String(READS_PER_SECOND), RATE_LIMIT_WRITES_PER_SECOND: "0" },
    booking: { OPEN_STREAMS_PER_SUBJECT: String(OPEN_STREAMS) },
  });
});

afterAll(() => pair.stop());

describe("of a hundred reads at once", () => {
  /** What a caller may have had since then: as much again with each window that has ended, of which the first may be about to. */
  const servedAtMost = (begun: number): number =>
    READS_AT_ONCE * (2 + Math.floor((performance.now() - begun) / WINDOW_MS));

  test("the first are answered over HTTP, and the headers say when to send the others", async () => {
    const me = host(await createHost(pair.clients));
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => getByHttp(me)));
    const served = answers.filter(({ status }) => status === 200);
    expect(served.length).toBeGreaterThanOrEqual(READS_AT_ONCE);
    expect(served.length).toBeLessThanOrEqual(servedAtMost(begun));
    const [first] = served;
    expect(first?.headers.get("ratelimit-policy")).toBe('"read";q=10;w=5');
    expect(first?.headers.get("ratelimit")).toMatch(/^"read";r=\d;t=[1-5]$/);

    const [refused, ...more] = answers.filter(({ status }) => status === 429);
    if (refused === undefined) throw new Error("all were answered");
    expect(more.length).toBe(answers.length - served.length - 1);
    const left = /^"read";r=0;t=([1-5])$/.exec(refused.headers.get("ratelimit") ?? "")?.[1];
    expect(left).toBeDefined();
    expect(refused.headers.get("retry-after")).toBe(left);
    const ending = await endingOfHttp(refused);
    expect([ending.code, reasonIn(ending)]).toEqual(["RESOURCE_EXHAUSTED", "RATE_LIMITED"]);
    await waitFor(async () => expect((await getByHttp(me)).status).toBe(200));
  });

  test("the first are answered over gRPC, and RetryInfo says when to send the others", async () => {
    const me = host(await createHost(pair.clients));
    const begun = performance.now();
    const endings = await getByGrpc(me, 100);
    const refused = endings.filter((ending) => ending !== "OK");
    expect(refused.length).toBeGreaterThanOrEqual(100 - servedAtMost(begun));
    for (const ending of refused) {
      expect([ending.code, reasonIn(ending)]).toEqual(["RESOURCE_EXHAUSTED", "RATE_LIMITED"]);
      expect(ending.details["google.rpc.RetryInfo"]?.["retryDelay"]).toMatch(/^([0-4](\.\d+)?|5)s$/);
    }
    // Another caller has a count of its own.
    expect((await getByHttp(host(await createHost(pair.clients)))).status).toBe(200);
  });

  test("also those are counted that the caller's role may not make: first they are forbidden, then too many", async () => {
    const me = host(await createHost(pair.clients));
    const begun = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async () => (await post("ResolveSubject", me, {})).status),
    );
    const forbidden = statuses.filter((status) => status === 403).length;
    expect(forbidden).toBeGreaterThanOrEqual(READS_AT_ONCE);
    expect(forbidden).toBeLessThanOrEqual(servedAtMost(begun));
    expect(statuses.filter((status) => status === 429).length).toBe(100 - forbidden);
    const endings = await callByGrpc(UserService.method.resolveSubject, host(await createHost(pair.clients)), 100, {});
    const codes = new Set(endings.map((ending) => (ending === "OK" ? ending : ending.code)));
    expect(codes).toEqual(new Set(["PERMISSION_DENIED", "RESOURCE_EXHAUSTED"]));
  });

  test.each<[who: string, person: () => Promise<Person>]>([
    ["names nobody", async () => guest(randomUUID())],
    ["has another role than its user", async () => guest(await createHost(pair.clients))],
  ])("also those are counted whose token %s: first they are refused, then too many", async (_who, person) => {
    const begun = performance.now();
    const byHttp = await person();
    const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await getByHttp(byHttp)).status));
    const refused = statuses.filter((status) => status === 401).length;
    expect(refused).toBeGreaterThanOrEqual(READS_AT_ONCE);
    expect(refused).toBeLessThanOrEqual(servedAtMost(begun));
    expect(statuses.filter((status) => status === 429).length).toBe(100 - refused);
    const endings = await getByGrpc(await person(), 100);
    const codes = new Set(endings.map((ending) => (ending === "OK" ? ending : ending.code)));
    expect(codes).toEqual(new Set(["UNAUTHENTICATED", "RESOURCE_EXHAUSTED"]));
  });

  test("all are answered if the other service asks", async () => {
    const endings = await getByGrpc(service("booking"), 100, await createHost(pair.clients));
    expect(new Set(endings)).toEqual(new Set(["OK"]));
  });
});

test("a limit of 0 is none", async () => {
  // Availability counts reads only: this caller is known to it, and writes as often as it likes.
  const created = await Promise.all(Array.from({ length: 100 }, () => createHost(pair.clients)));
  expect(new Set(created).size).toBe(100);
});

test("a caller has so many streams open and no more, and another one when the first has ended", async () => {
  const hostId = await createHost(pair.clients);
  const watch = async (): Promise<AbortController> => {
    const leaving = new AbortController();
    const events = pair
      .clientsOf(host(hostId))
      .bookings.watchBookings({ hostId, afterSequence: 0n }, { signal: leaving.signal });
    // The first message comes at once: it says from where on the stream tells.
    await events[Symbol.asyncIterator]().next();
    return leaving;
  };
  const open = await Promise.all(Array.from({ length: OPEN_STREAMS }, watch));
  const refused = await watch().then(() => undefined, endingOfConnect);
  expect(refused?.code).toBe("RESOURCE_EXHAUSTED");
  expect(refused === undefined ? undefined : reasonIn(refused)).toBe("RATE_LIMITED");
  open.pop()?.abort();
  await waitFor(async () => open.push(await watch()));
  for (const leaving of open) leaving.abort();
});

async function getByHttp(person: Person): Promise<Response> {
  return post("GetUser", person, { userId: person.subject });
}

async function post(method: string, person: Person, request: object): Promise<Response> {
  const headers = { "content-type": "application/json", ...(await authorizationOf(person)) };
  const url = `${pair.availability.connectUrl}/availability.v1.UserService/${method}`;
  return fetch(url, { method: "POST", headers, body: JSON.stringify(request) });
}

async function getByGrpc(person: Person, times: number, userId = person.subject): Promise<("OK" | Ending)[]> {
  return callByGrpc(UserService.method.getUser, person, times, { userId });
}

async function callByGrpc<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  person: Person,
  times: number,
  request: MessageInitShape<I>,
): Promise<("OK" | Ending)[]> {
  const channel = grpcChannel(pair.availability.grpcAddress);
  const authorization = `Bearer ${await tokenOf(person)}`;
  const calls = Array.from({ length: times }, () =>
    grpcCall(channel, method, request, {}, authorization).then(
      () => "OK" as const,
      (error: ServiceError) => endingOfGrpc(error),
    ),
  );
  const endings = await Promise.all(calls);
  channel.close();
  return endings;
}
