/** grpc.health.v1, asked and watched, over both ports. */

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "../../shared/gen/health/v1/health_pb.ts";
import { STREAMS_OF_NOBODY_MAX } from "../../shared/rpc/call/rate-limit.ts";
import { reasonOf } from "../../shared/rpc/client.ts";
import { startingWireServices, until } from "./service.ts";
import { endOf, transports } from "./transports.ts";
import { waitUntil } from "../support/waits.ts";

const start = startingWireServices();

describe("health", () => {
  test("tells of the whole, of each service, and of strangers", async () => {
    const service = await start();
    for (const transport of [transports["gRPC"], transports["Connect JSON, HTTP/1.1"]]) {
      const client = createClient(Health, transport(service));
      expect((await client.check({})).status).toBe(Serving.SERVING);
      expect((await client.check({ service: "booking.v1.BookingService" })).status).toBe(Serving.SERVING);
      const stranger = await client.check({ service: "x" }).catch((error: unknown) => ConnectError.from(error).code);
      expect(stranger).toBe(Code.NotFound);
      const watched = client.watch({ service: "x" })[Symbol.asyncIterator]();
      expect(await watched.next()).toMatchObject({ value: { status: Serving.SERVICE_UNKNOWN } });
      expect(Object.keys((await client.list({})).statuses)).toEqual([
        "",
        "availability.v1.UserService",
        "booking.v1.BookingService",
        "liveness",
      ]);
    }
  });

  test("asks once for a hundred callers, and takes a failure for no", async () => {
    let asked = 0;
    const service = await start({
      isReady: async () => {
        asked += 1;
        throw new Error("no database");
      },
    });
    const client = createClient(Health, createGrpcTransport({ baseUrl: service.grpcUrl }));
    const begun = performance.now();
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.check({})));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([Serving.NOT_SERVING]));
    // An answer is good for a second.
    expect(asked).toBeLessThanOrEqual(1 + Math.floor((performance.now() - begun) / 1000));
  });

  test("does not wait for ever for a database that hangs", async () => {
    const service = await start({ isReady: () => new Promise(() => undefined) });
    const client = createClient(Health, createGrpcTransport({ baseUrl: service.grpcUrl }));
    expect((await client.check({})).status).toBe(Serving.NOT_SERVING);
  });

  test.each(["gRPC", "Connect binary, HTTP/2"] as const)("is watched by so many over %s and no more", async (name) => {
    const service = await start();
    const client = createClient(Health, transports[name](service));
    const leaving = new AbortController();
    const watch = (): Promise<unknown> => {
      const statuses = client.watch({}, { signal: leaving.signal })[Symbol.asyncIterator]();
      return statuses.next();
    };
    await Promise.all(Array.from({ length: STREAMS_OF_NOBODY_MAX }, watch));
    const refused = await watch().then(() => undefined, ConnectError.from);
    expect([refused?.code, reasonOf(refused)]).toEqual([Code.ResourceExhausted, "RATE_LIMITED"]);
    // Whoever asks only once is answered all the same, and when the watchers have left there is room again.
    expect((await client.check({})).status).toBe(Serving.SERVING);
    leaving.abort();
    await waitUntil(async () => {
      const again = createClient(Health, transports[name](service)).watch({});
      return again[Symbol.asyncIterator]()
        .next()
        .then(
          () => true,
          () => false,
        );
    });
  });

  test("says that the process runs while it is not ready and while it stops", async () => {
    const service = await start({ isReady: async () => false });
    const statuses: unknown[] = [];
    for (const transport of [transports["gRPC"], transports["Connect JSON, HTTP/1.1"]]) {
      const client = createClient(Health, transport(service));
      expect((await client.check({ service: "liveness" })).status).toBe(Serving.SERVING);
      expect((await client.list({})).statuses).toMatchObject({
        "": { status: Serving.NOT_SERVING },
        liveness: { status: Serving.SERVING },
      });
    }
    const watching = createClient(Health, transports["gRPC"](service)).watch({ service: "liveness" });
    const ended = endOf(watching, (told) => statuses.push(told.status));
    await until(() => statuses.length === 1);
    const stopped = service.stop();
    // It drains, and still takes calls.
    const asked = createClient(Health, transports["Connect JSON, HTTP/1.1"](service)).check({ service: "liveness" });
    expect((await asked).status).toBe(Serving.SERVING);
    await stopped;
    expect((await ended)?.code).toBe(Code.Unavailable);
    expect(statuses).toEqual([Serving.SERVING]);
  });

  test("tells watchers when it changes", async () => {
    let isReady = true;
    const service = await start({ isReady: async () => isReady });
    const client = createClient(Health, createGrpcTransport({ baseUrl: service.grpcUrl }));
    const statuses = client.watch({ service: "booking.v1.BookingService" })[Symbol.asyncIterator]();
    const told = async (): Promise<unknown> => {
      const next = await statuses.next();
      return next.done === true ? "the end" : next.value.status;
    };
    expect(await told()).toBe(Serving.SERVING);
    isReady = false;
    expect(await told()).toBe(Serving.NOT_SERVING);
    isReady = true;
    expect(await told()).toBe(Serving.SERVING);
  });

  test("tells watchers at once that the service is about to stop", async () => {
    const service = await start();
    const statuses: unknown[] = [];
    const client = createClient(Health, createGrpcTransport({ baseUrl: service.grpcUrl }));
    const ended = endOf(client.watch({}), ({ status }) => statuses.push(status));
    await until(() => statuses.length === 1);
    await service.stop();
    expect((await ended)?.code).toBe(Code.Unavailable);
    expect(statuses).toEqual([Serving.SERVING, Serving.NOT_SERVING]);
  });
});
