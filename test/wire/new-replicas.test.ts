/** A replica that is new behind a balancer of connections gets calls, though its clients are connected already, and none is lost. */

import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { afterEach, expect, test } from "vitest";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { peerTransport } from "../../shared/rpc/client.ts";
import { wireLimits } from "../../shared/rpc/wire/limits.ts";
import { startBalancer } from "../rolling/balancer.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import { startWireService } from "./service.ts";

const AGE_MS = 100;
const wire = { ...wireLimits, connectionAgeMs: AGE_MS };

const own: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of own.splice(0).toReversed()) await end();
});

/** Two replicas behind a balancer, of which the second one comes later. */
async function growing(port: "grpcPort" | "connectPort") {
  const [first, second] = [await startWireService({ wire }), await startWireService({ wire })];
  const [early, late] = [{ isIn: true }, { isIn: false }];
  const balancer = await startBalancer([
    { port: first[port], endpoint: early },
    { port: second[port], endpoint: late },
  ]);
  own.push(
    () => first.stop(),
    () => second.stop(),
    () => balancer.close(),
  );
  return { first, second, balancer, port: balancer.port, early, late };
}

/** Calls until the second replica has been called. Rejects if a call fails. */
async function callUntilSeen(
  call: () => Promise<unknown>,
  { first, second, late }: Awaited<ReturnType<typeof growing>>,
) {
  await call();
  expect([first.calls.length, second.calls.length]).toEqual([1, 0]);
  late.isIn = true;
  await untilAsync(call, () => second.calls.length > 0);
}

async function untilAsync(call: () => Promise<unknown>, isSeen: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!isSeen()) {
    if (performance.now() > end) throw new Error("the new replica got no call");
    await call();
  }
}

test("from our own clients, which renew their connection; what is under way on the old one goes on there", async () => {
  const replicas = await growing("connectPort");
  const transport = peerTransport(`http://127.0.0.1:${replicas.port}`, { connectionAgeMs: AGE_MS });
  own.push(() => transport.close());
  const users = createClient(UserService, transport);
  const watch = createClient(BookingService, transport).watchBookings({ afterSequence: 50n });
  const messages = watch[Symbol.asyncIterator]();
  const sequences: bigint[] = [];
  const readOne = async (): Promise<boolean> => {
    const next = await messages.next();
    if (next.done !== true) sequences.push(next.value.sequence);
    return next.done !== true;
  };
  await readOne();
  replicas.late.isIn = true;
  await untilAsync(
    () => users.listUsers({}, { timeoutMs: 10_000 }),
    () => replicas.second.calls.length > 0,
  );
  while (await readOne());
  expect(sequences).toEqual(Array.from({ length: 50 }, (_, index) => BigInt(index + 1)));
});

test("from nobody while it is not there: the old connection stays until a new one has answered", async () => {
  const { first, balancer, port, early } = await growing("connectPort");
  const transport = peerTransport(`http://127.0.0.1:${port}`, { connectionAgeMs: AGE_MS });
  own.push(() => transport.close());
  const users = createClient(UserService, transport);
  const call = async (): Promise<unknown> => await users.listUsers({}, { timeoutMs: 10_000 });
  await call();
  early.isIn = false;
  await untilAsync(call, () => balancer.dropped() > 2);
  await call();
  expect(first.calls.length).toBeGreaterThan(3);
});

test("from grpc-js with one address, whose connections the service ends", async () => {
  const replicas = await growing("grpcPort");
  const channel = grpcChannel(`127.0.0.1:${replicas.port}`);
  own.push(() => channel.close());
  await callUntilSeen(() => grpcCall(channel, UserService.method.listUsers, {}), replicas);
  expect(replicas.second.calls.length).toBeGreaterThan(0);
});

test("from a client of HTTP/1.1, whose connection ends with an answer", async () => {
  const replicas = await growing("connectPort");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  own.push(() => agent.destroy());
  const call = async (): Promise<void> => {
    const path = "/availability.v1.UserService/ListUsers";
    const headers = { "content-type": "application/json" };
    const sent = httpRequest({ port: replicas.port, path, method: "POST", agent, headers }).end("{}");
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect([answer.statusCode, await text(answer)]).toEqual([200, expect.any(String)]);
  };
  await callUntilSeen(call, replicas);
  expect(replicas.second.calls.length).toBeGreaterThan(0);
});
