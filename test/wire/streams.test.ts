import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { SLOW, startingWireServices, until } from "./service.ts";
import { endOf, transports } from "./transports.ts";

const start = startingWireServices();

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

test("a call whose handler notices its deadline ends with it too", async () => {
  const service = await start();
  const client = createClient(UserService, createGrpcTransport({ baseUrl: service.grpcUrl }));
  const error = await client.getUser({ userId: SLOW }, { timeoutMs: 50 }).catch(ConnectError.from);
  expect(error).toMatchObject({ code: Code.DeadlineExceeded });
});

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
