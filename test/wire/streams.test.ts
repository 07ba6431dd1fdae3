import { connect as connectTcp } from "node:net";
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterEach, describe, expect, test } from "vitest";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { ServerReflection } from "../../shared/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../shared/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health, HealthCheckResponse_ServingStatus as Serving } from "../../shared/gen/health/v1/health_pb.ts";
import { reasonOf } from "../../shared/rpc/client.ts";
import { STREAMS_OF_NOBODY_MAX } from "../../shared/rpc/call/rate-limit.ts";
import type { ServeOptions } from "../../shared/service/serve.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { DEAF, SLOW, startWireService, until, type WireService } from "./service.ts";
import { waitUntil } from "../support/waits.ts";

let started: WireService | undefined;

async function start(options: Partial<ServeOptions> = {}): Promise<WireService> {
  started = await startWireService(options);
  return started;
}

afterEach(async () => {
  await started?.stop();
  started = undefined;
});

const transports: Readonly<Record<string, (service: WireService) => Transport>> = {
  gRPC: ({ grpcUrl }) => createGrpcTransport({ baseUrl: grpcUrl }),
  "gRPC-Web, HTTP/1.1": ({ connectUrl }) => createGrpcWebTransport({ baseUrl: connectUrl, httpVersion: "1.1" }),
  "Connect JSON, HTTP/1.1": ({ connectUrl }) => createConnectTransport({ baseUrl: connectUrl, httpVersion: "1.1" }),
  "Connect binary, HTTP/2": ({ connectUrl }) =>
    createConnectTransport({ baseUrl: connectUrl, httpVersion: "2", useBinaryFormat: true }),
};

describe.each(Object.entries(transports))("a stream over %s", (_name, transportTo) => {
  test("arrives whole and in order", async () => {
    const client = createClient(BookingService, transportTo(await start()));
    const sequences = [];
    for await (const { sequence } of client.watchBookings({ afterSequence: 20n })) sequences.push(Number(sequence));
    expect(sequences).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test("waits for a reader that is slow, and ends when the reader leaves", async () => {
    const service = await start();
    const leaving = new AbortController();
    const stream = createClient(BookingService, transportTo(service)).watchBookings({}, { signal: leaving.signal });
    const events = stream[Symbol.asyncIterator]();
    await events.next();
    // Nothing is read any more: what is sent must come to a standstill long before it fills a memory.
    await until(standstill(() => service.watched[0] ?? 0));
    expect(service.watched[0]).toBeLessThan(200);
    leaving.abort();
    await expect(readOn(events)).rejects.toThrow("canceled");
    await until(() => service.calls[0]?.signal.aborted === true);
    await until(() => service.lines.some(({ code }) => code === "CANCELLED"));
  });

  test("has no deadline by default, and keeps the one that it is given", async () => {
    const service = await start();
    const client = createClient(BookingService, transportTo(service));
    const ended = endOf(client.watchBookings({}, { timeoutMs: 2_000 }));
    expect((await ended)?.code).toBe(Code.DeadlineExceeded);
    await until(() => service.calls[0]?.signal.aborted === true);
    const leaving = new AbortController();
    const events = client.watchBookings({}, { signal: leaving.signal })[Symbol.asyncIterator]();
    await events.next();
    expect(service.calls[1]?.deadline).toBe(Infinity);
    leaving.abort();
  });

  test("ends with UNAVAILABLE when the service stops, and not at the end of its grace", async () => {
    const service = await start();
    const ended = endOf(createClient(BookingService, transportTo(service)).watchBookings({}));
    await until(() => service.calls.length === 1);
    const stoppedAt = performance.now();
    const stopped = service.stop();
    expect((await ended)?.code).toBe(Code.Unavailable);
    expect(performance.now() - stoppedAt).toBeLessThan(DRAIN_GRACE_MS);
    await stopped;
  });
});

describe("health", () => {
  test("tells of the whole, of each service, and of strangers", async () => {
    const service = await start();
    for (const transport of [transports["gRPC"], transports["Connect JSON, HTTP/1.1"]]) {
      const client = createClient(Health, (transport ?? unknownTransport)(service));
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

  test.each(["gRPC", "Connect binary, HTTP/2"])("is watched by so many over %s and no more", async (name) => {
    const service = await start();
    const client = createClient(Health, (transports[name] ?? unknownTransport)(service));
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
      const again = createClient(Health, (transports[name] ?? unknownTransport)(service)).watch({});
      return again[Symbol.asyncIterator]()
        .next()
        .then(
          () => true,
          () => false,
        );
    });
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

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha],
] as const)("reflection %s", (_version, Reflection) => {
  type Question = { case: "listServices" | "fileByFilename" | "fileContainingSymbol"; value: string };

  async function ask(service: WireService, questions: Question[], baseUrl = service.grpcUrl) {
    const client = createClient(Reflection as typeof ServerReflection, createGrpcTransport({ baseUrl }));
    async function* requests() {
      for (const messageRequest of questions) yield { host: "h", messageRequest };
    }
    const answers = [];
    for await (const answer of client.serverReflectionInfo(requests())) answers.push(answer.messageResponse);
    return answers;
  }

  test("lists the services on both ports", async () => {
    const service = await start();
    for (const url of [service.grpcUrl, service.connectUrl]) {
      const [answer] = await ask(service, [{ case: "listServices", value: "" }], url);
      expect(answer?.case === "listServicesResponse" && answer.value.service.map(({ name }) => name)).toEqual([
        "availability.v1.UserService",
        "booking.v1.BookingService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ]);
    }
  });

  test.each([
    ["fileContainingSymbol", "booking.v1.BookingService"],
    ["fileContainingSymbol", "booking.v1.BookingService.CreateBooking"],
    ["fileContainingSymbol", "booking.v1.Booking.host_id"],
    ["fileContainingSymbol", "booking.v1.BOOKING_STATE_HELD"],
    ["fileContainingSymbol", "google.rpc.BadRequest.FieldViolation"],
    ["fileContainingSymbol", "google.protobuf.Timestamp"],
    ["fileContainingSymbol", "grpc.health.v1.Health"],
    ["fileByFilename", "booking/v1/booking_service.proto"],
    ["fileByFilename", "google/api/http.proto"],
  ] as const)("answers %s %s with files whose imports are all there", async (question, value) => {
    const [answer] = await ask(await start(), [{ case: question, value }]);
    if (answer?.case !== "fileDescriptorResponse") throw new Error(`answered ${answer?.case}`);
    const files = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
    // Throws if a file or a type is missing.
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: importedFirst(files) }));
    expect([...registry.files]).toHaveLength(files.length);
  });

  test("answers what it does not know, and goes on", async () => {
    const answers = await ask(await start(), [
      { case: "fileContainingSymbol", value: "nobody.v1.Nothing" },
      { case: "fileByFilename", value: "nothing.proto" },
      { case: "fileContainingSymbol", value: "booking.v1.Booking" },
    ]);
    expect(answers.map((answer) => answer.case)).toEqual(["errorResponse", "errorResponse", "fileDescriptorResponse"]);
  });

  test("can be turned off", async () => {
    const service = await start({ reflection: false });
    const error = await ask(service, [{ case: "listServices", value: "" }]).catch(ConnectError.from);
    expect(error).toMatchObject({ code: Code.Unimplemented });
  });
});

describe("a service that stops", () => {
  test("lets a call in flight finish and takes no new ones", async () => {
    const service = await start();
    const client = createClient(UserService, createGrpcTransport({ baseUrl: service.grpcUrl }));
    const inFlight = client.getUser({ userId: DEAF }, { timeoutMs: 5_000 }).catch(ConnectError.from);
    await until(() => service.calls.length === 1);
    const stopped = service.stop();
    const [byGrpc, byConnect] = [service.grpcPort, service.connectPort];
    await until(() => service.calls[0]?.signal.aborted === true);
    // Its own deadline ended it, not the stop.
    expect(await inFlight).toMatchObject({ code: Code.DeadlineExceeded });
    await stopped;
    await expect(openConnection(byGrpc)).rejects.toThrow("ECONNREFUSED");
    await expect(openConnection(byConnect)).rejects.toThrow("ECONNREFUSED");
  });

  test("closes idle connections and stops once, however often it is told to", async () => {
    const service = await start();
    const idle = await openConnection(service.connectPort);
    const closed = new Promise((resolve) => idle.once("close", resolve));
    idle.resume();
    const stoppedAt = performance.now();
    await Promise.all([service.stop(), service.stop(), closed]);
    expect(performance.now() - stoppedAt).toBeLessThan(DRAIN_GRACE_MS);
  });

  test("says in one line which port it could not have", async () => {
    const service = await start();
    const grpc = { host: "127.0.0.1", port: service.grpcPort };
    await expect(startWireService({ grpc })).rejects.toThrow(`port ${grpc.port} on 127.0.0.1 is in use`);
    const connect = { host: "127.0.0.1", port: service.connectPort };
    await expect(startWireService({ connect })).rejects.toThrow(`port ${connect.port} on 127.0.0.1 is in use`);
    await expect(startWireService({ connect: { host: "192.0.2.1", port: 0 } })).rejects.toThrow(
      "port 0 on 192.0.2.1 is not an address of this machine",
    );
  });
});

test("a call whose handler notices its deadline ends with it too", async () => {
  const service = await start();
  const client = createClient(UserService, createGrpcTransport({ baseUrl: service.grpcUrl }));
  const error = await client.getUser({ userId: SLOW }, { timeoutMs: 50 }).catch(ConnectError.from);
  expect(error).toMatchObject({ code: Code.DeadlineExceeded });
});

/** The error that a stream ends with, undefined if it has none. */
async function endOf<T>(stream: AsyncIterable<T>, seen: (message: T) => void = () => undefined) {
  try {
    for await (const message of stream) seen(message);
  } catch (error) {
    return ConnectError.from(error);
  }
  return undefined;
}

/** Reads what was under way, to the stream's end. */
async function readOn(events: AsyncIterator<unknown>): Promise<void> {
  while ((await events.next()).done !== true);
}

/** A condition that holds once `count` has been above 0 and the same for a hundred looks in a row. */
function standstill(count: () => number): () => boolean {
  let last = 0;
  let looks = 0;
  return () => {
    const now = count();
    looks = now === last && now > 0 ? looks + 1 : 0;
    last = now;
    return looks > 100;
  };
}

/** Files as a registry wants them: each after what it imports. */
function importedFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sorted = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto | undefined): void => {
    if (file === undefined || sorted.has(file)) return;
    file.dependency.forEach((name) => visit(byName.get(name)));
    sorted.add(file);
  };
  files.forEach(visit);
  return [...sorted];
}

function openConnection(port: number) {
  const socket = connectTcp(port, "127.0.0.1");
  return new Promise<typeof socket>((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

function unknownTransport(): never {
  throw new Error("there is no such transport");
}
