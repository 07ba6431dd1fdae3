/** Watchers who are many, who leave, who read nothing any more, and whose service is gone. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { endWhenStalled } from "../../services/gateway/http/stalled.ts";
import { STREAMS_PER_CONNECTION } from "../../services/gateway/upstream/stream-connections.ts";
import { WatchBookingsResponseSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { startingInFront } from "./in-front-of.ts";
import type { GatewayUnderTest } from "./started.ts";
import { answerMessage, beginStream, framed } from "./upstream.ts";
import { watch } from "./watch.ts";
import { waitFor, waitUntil } from "../support/waits.ts";

const inFrontOf = startingInFront();
const message = framed(toBinary(WatchBookingsResponseSchema, create(WatchBookingsResponseSchema, { sequence: 1n })));

describe("many watchers", () => {
  test("leave the other calls their connection, get new ones when theirs are full, and are refused beyond a limit", async () => {
    const watchersMax = STREAMS_PER_CONNECTION + 1;
    const { before, upstream } = await inFrontOf(
      (stream, headers) => {
        if (headers[":path"]?.endsWith("/WatchBookings") !== true) return answerMessage(stream);
        beginStream(stream);
        stream.write(message);
        return undefined;
      },
      {
        // The fewest that a server should allow.
        settings: { maxConcurrentStreams: STREAMS_PER_CONNECTION },
        environment: { OPEN_STREAMS_MAX: String(watchersMax) },
      },
    );

    const watchers = await Promise.all(Array.from({ length: watchersMax }, () => watch(before, "")));
    expect(watchers.map(({ status }) => status)).toEqual(watchers.map(() => 200));
    expect(upstream.connections()).toBe(2);
    const booking = await before.call("GET", `/bookings/${randomUUID()}`, {
      headers: { "connect-timeout-ms": "20000" },
    });
    expect(booking.status).toBe(200);

    const refused = await before.call("GET", "/bookings:watch");
    expect([refused.status, refused.headers.get("retry-after"), refused.body]).toEqual([
      503,
      "5",
      { code: 14, message: expect.stringContaining(String(watchersMax)) as string, details: [] },
    ]);
    watchers[0]!.leave();
    await waitFor(async () => {
      const next = await watch(before, "");
      watchers.push(next);
      expect(next.status).toBe(200);
    });
    for (const watcher of watchers) watcher.leave();
  });
});

describe("between the service and the watcher", () => {
  test("the service learns that the watcher has left", async () => {
    const gone = Promise.withResolvers<void>();
    const { before } = await inFrontOf((stream) => {
      stream.once("close", () => gone.resolve());
      beginStream(stream);
      stream.write(message);
    });
    const watching = await watch(before, "");
    await watching.next();
    watching.leave();
    await expect(gone.promise).resolves.toBeUndefined();
  });

  test("a stream that breaks ends with a line that says so", async () => {
    const ready = Promise.withResolvers<ServerHttp2Stream>();
    const { before } = await inFrontOf((stream) => {
      beginStream(stream);
      stream.write(message);
      ready.resolve(stream);
    });
    const watching = await watch(before, "");
    await watching.next();
    (await ready.promise).session?.destroy();
    expect(JSON.parse((await watching.next())!)).toMatchObject({ error: { code: 14 } });
    expect(await watching.next()).toBeUndefined();
  });

  /** A server that sends as much as is taken, up to a limit. Resolves `stalled` when for a while no more is. */
  async function flood(): Promise<{ before: GatewayUnderTest; stalled: () => Promise<void> }> {
    const total = 256;
    let sent = 0;
    let lastSentAt = Infinity;
    const { before } = await inFrontOf((stream) => {
      beginStream(stream);
      const send = (): void => {
        sent += 1;
        lastSentAt = performance.now();
        // Called back when it has left for the gateway.
        if (sent < total) stream.write(large, () => send());
      };
      send();
    });
    return {
      before,
      stalled: async () => {
        await waitUntil(() => performance.now() - lastSentAt > 1000);
        expect(sent).toBeLessThan(total);
      },
    };
  }
  const event = { actor: "x".repeat(256 * 1024) };
  const large = framed(toBinary(WatchBookingsResponseSchema, create(WatchBookingsResponseSchema, { event })));

  test("the service is read no faster than the watcher reads", async () => {
    const { before, stalled } = await flood();
    const watching = await watch(before, "");
    await watching.next();
    await stalled();
    // It was not broken off: what is read makes room for more.
    for (let lines = 0; lines < 200; lines += 1) expect(await watching.next()).toContain("xxx");
    watching.leave();
  });

  test("a watcher who reads nothing any more is cut off", async () => {
    const server = createServer((_request, response) => {
      response.once("close", () => server.close());
      endWhenStalled(response, new AbortController().signal, 200);
      Readable.from(forEver()).pipe(response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await expect(once(server, "close")).resolves.toEqual([]);
    socket.destroy();
  });

  test("a watcher who reads nothing does not hold the end of the gateway up", async () => {
    const { before, stalled } = await flood();
    const socket = connect(Number(new URL(before.url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET /bookings:watch HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a.b.YQ\r\n\r\n");
    await stalled();
    const begun = performance.now();
    await before.stop();
    expect(performance.now() - begun).toBeLessThan(DRAIN_GRACE_MS);
    socket.destroy();
  });

  test("when the gateway stops, streams end at once and say why", async () => {
    const { before } = await inFrontOf((stream) => {
      beginStream(stream);
      stream.write(message);
    });
    const watching = await watch(before, "");
    await watching.next();
    const begun = performance.now();
    await before.stop();
    expect(performance.now() - begun).toBeLessThan(DRAIN_GRACE_MS);
    expect(JSON.parse((await watching.next())!)).toMatchObject({ error: { code: 14 } });
    expect(await watching.next()).toBeUndefined();
  });
});

function* forEver(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024);
}
