/**
 * No caller can stall a service: for all that fits into a request, no turn of the event loop takes longer than a calibrated loop does
 * in the same process. The calls are made of the contracts' descriptors, so that a new method or field is tried without a word
 * here. See test/support/stalls/.
 */

import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availabilityAccess, userAccess } from "../../services/availability/rpc/access.ts";
import { bookingAccess, fenceAccess } from "../../services/booking/rpc/access.ts";
import { type Contract, readContract } from "../../services/gateway/contract/contract.ts";
import { OPEN } from "../../shared/auth/access.ts";
import { AvailabilityService } from "../../shared/gen/availability/v1/availability_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../shared/gen/booking/v1/fence_service_pb.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
} from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../shared/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "../../shared/gen/health/v1/health_pb.ts";
import type { Call } from "../../shared/rpc/handler.ts";
import { reflectionHandlers } from "../../shared/rpc/standard/reflection.ts";
import { type GatewayUnderTest, startGatewayOf } from "../gateway/started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost } from "../support/people.ts";
import { baseOf, callsOfGateway, callsOfService, type StallCall, type Target } from "../support/stalls/calls.ts";
import { loopMs, watchTurns } from "../support/stalls/probe.ts";
import { type Answered, type Sender, startSender } from "../support/stalls/sending.ts";
import { admin, authorizationOf, service } from "../support/tokens.ts";

/** A slow turn is tried again before it counts: it may have been the compiler's, or the garbage collector's. */
const TRIES = 30;
/** What a refusal may say, headers included. Its details have at most 4 KiB, and are text in base64 by then. */
const REFUSAL_MAX_BYTES = 12 * 1024;
const CALLERS = 8;

const services = [
  { service: UserService, access: userAccess, of: "availability" },
  { service: AvailabilityService, access: availabilityAccess, of: "availability" },
  { service: BookingService, access: bookingAccess, of: "booking" },
  { service: FenceService, access: fenceAccess, of: "booking" },
  ...[Health, ServerReflection, ServerReflectionAlpha].map((each) => ({ service: each, access: OPEN, of: "booking" })),
] as const;
const methods = services.flatMap(({ service: { methods: all }, access, of }) =>
  all.map((method) => ({ name: `${method.parent.typeName}/${method.name}`, method, access, of })),
);

let pair: Pair;
let gateway: GatewayUnderTest;
let sender: Sender;
let contract: Contract;
let ids: Record<string, string>;

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  sender = startSender();
  contract = await readContract();
  const { clients } = pair;
  // Whom some calls erase, and who therefore is none of those whom the others are about.
  const erased = await createGuest(clients);
  ids = { host_id: await createHost(clients), guest_id: await createGuest(clients), user_id: erased };
});

afterAll(async () => {
  await sender.stop();
  await gateway.stop();
  await pair.stop();
});

async function targetOf({ access, of, method }: (typeof methods)[number]): Promise<Target> {
  const served = pair[of as "availability" | "booking"];
  const urls = { grpcUrl: `http://${served.grpcAddress}`, connectUrl: served.connectUrl };
  if (access === OPEN) return { ...urls, authorization: {} };
  const roles = (access as Readonly<Record<string, object>>)[method.localName] ?? {};
  const other = of === "availability" ? "booking" : "availability";
  return { ...urls, authorization: await authorizationOf("ADMIN" in roles ? admin : service(other)) };
}

/** The longest turn that a call makes, in calibrated loops: the best of several tries, if it looks bad. */
async function longestTurn(call: StallCall): Promise<number> {
  let best = Infinity;
  for (let tried = 0; tried < TRIES && best > 1; tried += 1) {
    const turns = watchTurns();
    await sender.send(call);
    best = Math.min(best, turns.stop().longestMs / loopMs());
  }
  return best;
}

let calibrated = { at: -Infinity, ms: Number.NaN };

/** The loop's time in these seconds: measuring it before each of thousands of calls would be most of the test. */
function loopNow(): number {
  if (performance.now() - calibrated.at > 1_000) calibrated = { ms: loopMs(), at: performance.now() };
  return calibrated.ms;
}

/** What is wrong with how the calls were answered. They go out some at a time; one by one where that makes a long turn. */
async function stallsOf(calls: readonly StallCall[]): Promise<string[]> {
  const wrong: string[] = [];
  for (let sent = 0; sent < calls.length; sent += CALLERS) {
    const some = calls.slice(sent, sent + CALLERS);
    const turns = watchTurns();
    const answers = await Promise.all(some.map(async (call) => wrongIn(call, await sender.send(call))));
    wrong.push(...answers.flat());
    if (turns.stop().longestMs <= loopNow()) continue;
    for (const call of some) {
      const loops = await longestTurn(call);
      if (loops > 1) wrong.push(`${call.name}: a turn of ${loops.toFixed(1)} loops`);
    }
  }
  return wrong;
}

function wrongIn(call: StallCall, { status, bytes, said }: Answered): string[] {
  const isRefusal = call.http2 ? status > 0 : status >= 400;
  // One service may have to wait for the other where other programs have the processors: no turn of ours is longer for it.
  const isLate = status === 503 && said.includes("did not answer in time");
  const isOurs = call.http2 ? [2, 13].includes(status) : (status >= 500 && !isLate) || status === 0;
  return [
    ...(isRefusal && bytes > REFUSAL_MAX_BYTES ? [`${call.name}: a refusal of ${bytes} bytes`] : []),
    ...(isOurs ? [`${call.name}: ${status} ${said}`] : []),
  ];
}

describe.each(methods)("$name", { timeout: 300_000 }, (entry) => {
  test("is never what stalls its service", async () => {
    const base = baseOf(entry.method.input, contract, ids);
    const calls = callsOfService(entry.method, await targetOf(entry), base);
    expect(calls.length).toBeGreaterThan(20);
    expect(await stallsOf(calls)).toEqual([]);
  });

  const isAtGateway = entry.access !== OPEN;
  test.runIf(isAtGateway)("nor the gateway, with a token or without", async () => {
    const inContract = contract.methods.find(({ name, parent }) => `${parent.typeName}/${name}` === entry.name);
    if (inContract === undefined) return;
    const base = baseOf(entry.method.input, contract, ids);
    const known = callsOfGateway(inContract, gateway.url, (await targetOf(entry)).authorization, base);
    // Whatever they send: nothing of it is read.
    const strangers = callsOfGateway(inContract, gateway.url, {}, base)
      .filter((_, index) => index % 20 === 0)
      .map((call) => ({ ...call, name: `${call.name}, by a stranger` }));
    expect(await stallsOf([...known, ...strangers])).toEqual([]);
  });
});

test("a thousand questions about the contract cost less than two loops", async () => {
  const { serverReflectionInfo } = reflectionHandlers([BookingService]);
  const messageRequest = { case: "fileContainingSymbol", value: BookingService.typeName } as const;
  async function* questions(count: number): AsyncGenerator<ServerReflectionRequest> {
    for (let asked = 0; asked < count; asked += 1) yield create(ServerReflectionRequestSchema, { messageRequest });
  }
  let best = Infinity;
  for (let tried = 0; tried < TRIES && best > 2; tried += 1) {
    const turns = watchTurns();
    for await (const _ of serverReflectionInfo(questions(1_000), {} as Call));
    best = Math.min(best, turns.stop().altogetherMs / loopMs());
  }
  expect(best).toBeLessThan(2);
});

describe("eight who send as much as fits at a time do not keep health waiting", { timeout: 120_000 }, () => {
  /** What health waits for at most: half a loop for each of them. */
  const LOOPS_MAX = CALLERS / 2;

  /** The best of several tries: the time of all turns until health is answered, in calibrated loops. */
  async function loopsUntilHealth(call: StallCall, health: StallCall): Promise<number> {
    let best = Infinity;
    for (let tried = 0; tried < TRIES && best > LOOPS_MAX; tried += 1) {
      const turns = watchTurns();
      const others = Array.from({ length: CALLERS }, () => sender.send(call));
      const { status } = await sender.send(health);
      best = Math.min(best, turns.stop().altogetherMs / loopMs());
      expect(status).toBe(200);
      await Promise.all(others);
    }
    return best;
  }

  test.each(["states packed 99", "states packed 1", "many unknown keys"])("to Booking: %s", async (what) => {
    const entry = methods.find(({ name }) => name.endsWith("/ListBookings"))!;
    const target = await targetOf(entry);
    const calls = callsOfService(entry.method, target, baseOf(entry.method.input, contract, ids));
    const call = calls.find(({ name, http2 }) => !http2 && name.endsWith(what))!;
    const url = `${target.connectUrl}/grpc.health.v1.Health/Check`;
    const health = { ...call, url, headers: { "content-type": "application/json" }, body: Buffer.from("{}") };
    expect(await loopsUntilHealth(call, health)).toBeLessThanOrEqual(LOOPS_MAX);
  });

  test.each([
    ["ListBookings", "many names"],
    ["CreateBooking", "many unknown keys"],
  ])("to the gateway: %s with %s", async (method, what) => {
    const entry = methods.find(({ name }) => name.endsWith(`/${method}`))!;
    const base = baseOf(entry.method.input, contract, ids);
    const inContract = contract.methods.find(({ name }) => name === method)!;
    const calls = callsOfGateway(inContract, gateway.url, (await targetOf(entry)).authorization, base);
    const call = calls.find(({ name }) => name.endsWith(what))!;
    const health = { ...call, url: `${gateway.url}/healthz`, method: "GET", headers: {}, body: new Uint8Array() };
    expect(await loopsUntilHealth(call, health)).toBeLessThanOrEqual(LOOPS_MAX);
  });
});
