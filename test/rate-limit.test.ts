/** Who asks too often is told when to come again, and nobody else notices. */

import type { ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UserService } from "../shared/gen/availability/v1/user_service_pb.ts";
import { endingOfConnect, endingOfGrpc, endingOfHttp, reasonIn } from "./support/endings.ts";
import type { Ending } from "./support/endings.ts";
import { grpcCall, grpcChannel } from "./support/grpc.ts";
import { startPair } from "./support/pair.ts";
import type { Pair } from "./support/pair.ts";
import { createHost } from "./support/people.ts";
import { authorizationOf, host, service, tokenOf } from "./support/tokens.ts";
import type { Person } from "./support/tokens.ts";

const GET_USER = "/availability.v1.UserService/GetUser";
const READS_PER_SECOND = 2;
/** With what a caller may draw in advance: five seconds' worth. */
const READS_AT_ONCE = 6 * READS_PER_SECOND;
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
  // The test may take longer than a second, and then the caller has more.
  const servedAtMost = 2 * READS_AT_ONCE;

  test("the first are answered over HTTP, and the headers say when to send the others", async () => {
    const me = host(await createHost(pair.clients));
    const answers = await Promise.all(Array.from({ length: 100 }, () => getByHttp(me)));
    const served = answers.filter(({ status }) => status === 200);
    expect(served.length).toBeGreaterThanOrEqual(READS_AT_ONCE);
    expect(served.length).toBeLessThan(servedAtMost);
    const [first] = served;
    expect(first?.headers.get("ratelimit-policy")).toBe('"read";q=2;w=1');
    expect(first?.headers.get("ratelimit")).toMatch(/^"read";r=[01];t=1$/);

    const [refused, ...more] = answers.filter(({ status }) => status === 429);
    if (refused === undefined) throw new Error("all were answered");
    expect(more.length).toBe(answers.length - served.length - 1);
    expect(refused.headers.get("ratelimit")).toMatch(/^"read";r=0;t=1$/);
    expect(refused.headers.get("retry-after")).toBe("1");
    const ending = await endingOfHttp(refused);
    expect([ending.code, reasonIn(ending)]).toEqual(["RESOURCE_EXHAUSTED", "RATE_LIMITED"]);
    await vi.waitFor(async () => expect((await getByHttp(me)).status).toBe(200), { timeout: 5_000 });
  });

  test("the first are answered over gRPC, and RetryInfo says when to send the others", async () => {
    const me = host(await createHost(pair.clients));
    const endings = await getByGrpc(me, 100);
    const refused = endings.filter((ending) => ending !== "OK");
    expect(refused.length).toBeGreaterThan(100 - servedAtMost);
    for (const ending of refused) {
      expect([ending.code, reasonIn(ending)]).toEqual(["RESOURCE_EXHAUSTED", "RATE_LIMITED"]);
      expect(ending.details["google.rpc.RetryInfo"]?.["retryDelay"]).toMatch(/^(0\.\d+|1)s$/);
    }
    // Another caller has a count of its own.
    expect((await getByHttp(host(await createHost(pair.clients)))).status).toBe(200);
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
  await vi.waitFor(async () => open.push(await watch()), { timeout: 5_000 });
  for (const leaving of open) leaving.abort();
});

async function getByHttp(person: Person): Promise<Response> {
  const headers = { "content-type": "application/json", ...(await authorizationOf(person)) };
  const body = JSON.stringify({ userId: person.subject });
  return fetch(pair.availability.connectUrl + GET_USER, { method: "POST", headers, body });
}

async function getByGrpc(person: Person, times: number, userId = person.subject): Promise<("OK" | Ending)[]> {
  const channel = grpcChannel(pair.availability.grpcAddress);
  const authorization = `Bearer ${await tokenOf(person)}`;
  const calls = Array.from({ length: times }, () =>
    grpcCall(channel, UserService.method.getUser, { userId }, {}, authorization).then(
      () => "OK" as const,
      (error: ServiceError) => endingOfGrpc(error),
    ),
  );
  const endings = await Promise.all(calls);
  channel.close();
  return endings;
}
