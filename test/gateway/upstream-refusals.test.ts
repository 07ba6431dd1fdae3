/** What becomes of a call whose service refuses it unseen, breaks off, or is none: sent once more, or UNAVAILABLE. */

import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, test, vi } from "vitest";
import { WatchBookingsResponseSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { IDLE_HTTP2_TIMEOUT_MS } from "../../shared/rpc/wire/limits.ts";
import { type RawCall, type RawUpstream, goAway, head, reset, respond, startRawUpstream } from "./raw-upstream.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { framed } from "./upstream.ts";
import { FLAG, frame, TYPE } from "../support/hostile/frames.ts";
import type { Pair } from "../support/pair.ts";
import { waitUntil } from "../support/waits.ts";

const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const REFUSED_STREAM = 7;
const CANCEL = 8;

const own: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const started of own.splice(0).toReversed()) await started.stop();
});

type Act = (call: RawCall) => void;

/** A gateway in front of a server that does these to the calls, one after another, and the last to all that follow. */
async function inFrontOf(...acts: readonly Act[]): Promise<{ before: GatewayUnderTest; upstream: RawUpstream }> {
  const upstream = await startRawUpstream((call) => acts[Math.min(call.index, acts.length - 1)]?.(call));
  own.push(upstream);
  const before = await startGatewayOf({ availability: upstream, booking: upstream } as unknown as Pair);
  own.push(before);
  return { before, upstream };
}

const answers: Act = (call) => respond(call);
const refuses: Act = (call) => reset(call, REFUSED_STREAM);
/** As a server does that is told to stop while the call is on its way. The call before it, if any, was looked at. */
const leaves: Act = (call) => goAway(call, Math.max(0, call.stream - 2), NO_ERROR);

const user = { role: "ROLE_HOST", email: "somebody@example.com", displayName: "Somebody" };
const write = (before: GatewayUnderTest): Promise<{ status: number; body: object }> =>
  before.call("POST", "/users", { body: user });

describe("a write that its service has provably not looked at is sent once more, on a new connection:", () => {
  test.each([
    ["refused by itself", refuses],
    ["refused by a connection that is to end", leaves],
  ])("%s", async (_what, refusal) => {
    const bodies: Buffer[] = [];
    const keeping =
      (act: Act): Act =>
      (call) => (bodies.push(call.body), act(call));
    const { before, upstream } = await inFrontOf(keeping(refusal), keeping(answers));
    expect((await write(before)).status).toBe(201);
    expect([upstream.calls(), upstream.connections()]).toEqual([2, 2]);
    expect(bodies[0]!.toString()).toContain(user.email);
    expect(bodies[1]).toEqual(bodies[0]);
  });

  test("those that a connection which is to end has not looked at, all of them, and no others", async () => {
    let first: RawCall | undefined;
    const { before, upstream } = await inFrontOf(
      (call) => (first = call),
      () => undefined,
      (call) => {
        goAway(call, first!.stream, NO_ERROR);
        respond(first!);
      },
      answers,
    );
    const statuses = (await Promise.all([write(before), write(before), write(before)])).map(({ status }) => status);
    expect(statuses).toEqual([201, 201, 201]);
    expect(upstream.calls()).toBe(5);
  });

  test("from one service to the other, too", async () => {
    const { upstream } = await inFrontOf(refuses, answers);
    const transport = peerTransport(upstream.connectUrl);
    await expect(createClient(UserService, transport).createUser({}, { timeoutMs: 10_000 })).resolves.toBeDefined();
    expect(upstream.calls()).toBe(2);
    transport.close();
  });

  test("which closes soon, so that the next second attempt finds a new one", async () => {
    const second: RawCall[] = [];
    const { before } = await inFrontOf(refuses, (call) => {
      second.push(call);
      respond(call);
    });
    expect((await write(before)).status).toBe(201);
    await waitUntil(() => second[0]!.socket.readableEnded);
  });

  test("but only once: then the service is UNAVAILABLE", async () => {
    const { before, upstream } = await inFrontOf(refuses);
    expect(await write(before)).toMatchObject({ status: 503, body: { code: 14 } });
    expect(upstream.calls()).toBe(2);
    const transport = peerTransport(upstream.connectUrl);
    const failed = await createClient(UserService, transport)
      .createUser({}, { timeoutMs: 10_000 })
      .catch((error: unknown) => ConnectError.from(error).code);
    expect(failed).toBe(Code.Unavailable);
    transport.close();
  });
});

test("an idle connection is closed by its client before its server closes it, when a call may be on its way", async () => {
  const calls: RawCall[] = [];
  const { upstream } = await inFrontOf((call) => {
    calls.push(call);
    respond(call);
  });
  const transport = peerTransport(upstream.connectUrl);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    await createClient(UserService, transport).createUser({}, { timeoutMs: 10_000 });
    // The connection notices a little later than the caller that it is idle.
    while (vi.getTimerCount() === 0) await new Promise(setImmediate);
    vi.advanceTimersByTime(IDLE_HTTP2_TIMEOUT_MS - 1);
  } finally {
    vi.useRealTimers();
  }
  expect(await waitUntil(() => calls[0]!.socket.readableEnded)).toBe(true);
  transport.close();
});

test("a watch that is refused is opened once more, and then brings what comes", async () => {
  const message = framed(toBinary(WatchBookingsResponseSchema, create(WatchBookingsResponseSchema, { sequence: 1n })));
  const end = Buffer.concat([Buffer.from([2, 0, 0, 0, 2]), Buffer.from("{}")]);
  const { before, upstream } = await inFrontOf(refuses, (call) =>
    respond(call, Buffer.concat([message, end]), "application/connect+proto"),
  );
  const { status, text } = await before.call("GET", "/bookings:watch?host_id=x");
  expect([status, text]).toEqual([200, '{"sequence":"1"}\n']);
  expect(upstream.calls()).toBe(2);
});

describe("a write that its service may have looked at is sent once, and UNAVAILABLE:", () => {
  test.each<[what: string, act: Act]>([
    ["ended by the service's error", (call) => reset(call, INTERNAL_ERROR)],
    ["cancelled by the service", (call) => reset(call, CANCEL)],
    ["looked at by a connection that ends with an error", (call) => goAway(call, call.stream, INTERNAL_ERROR)],
    ["on a connection that the service half-closes", ({ socket }) => socket.end()],
    ["on a connection that breaks", ({ socket }) => socket.resetAndDestroy()],
    [
      "refused when its answer has begun, which is a lie",
      (call) => {
        call.socket.write(head(call.stream, "application/proto"));
        reset(call, REFUSED_STREAM);
      },
    ],
    [
      "with half an answer",
      (call) => {
        call.socket.write(head(call.stream, "application/proto"));
        call.socket.write(frame(TYPE.data, FLAG.none, call.stream, Buffer.from("0a", "hex")));
        reset(call, INTERNAL_ERROR);
      },
    ],
    ["answered 400, as a proxy does", (call) => respond(call, Buffer.from("<h1>Bad Request</h1>"), "text/html", 400)],
    ["answered 400 in JSON of its own", (call) => respond(call, Buffer.from('{"a":1'), "application/json", 400)],
    ["answered 500, as a proxy does", (call) => respond(call, Buffer.from("<h1>Oh</h1>"), "text/html", 500)],
    ["answered with a page", (call) => respond(call, Buffer.from("<h1>Welcome</h1>"), "text/html", 200)],
  ])("%s", async (_what, act) => {
    const { before, upstream } = await inFrontOf(act, answers);
    expect(await write(before)).toMatchObject({ status: 503, body: { code: 14 } });
    expect(upstream.calls()).toBe(1);
  });
});

test("a service's own word that it has failed stays that", async () => {
  const said = Buffer.from('{"code":"internal","message":"internal error"}');
  const { before } = await inFrontOf((call) => respond(call, said, "application/json", 500));
  expect(await write(before)).toMatchObject({ status: 500, body: { code: 13, message: "internal error" } });
});
