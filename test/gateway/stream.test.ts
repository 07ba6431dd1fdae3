/** WatchBookings over HTTP: lines of JSON, or server-sent events for those who ask. */

import { randomUUID } from "node:crypto";
import type { ServerHttp2Stream } from "node:http2";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { streamForm } from "../../services/gateway/answers/stream-form.ts";
import { endWhenStalled } from "../../services/gateway/http/stalled.ts";
import { readContract } from "../../services/gateway/contract/contract.ts";
import { STREAMS_PER_CONNECTION } from "../../services/gateway/upstream/stream-connections.ts";
import { WatchBookingsResponseSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { HOUR_MS } from "../../shared/interval.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn, startGatewayOf } from "./started.ts";
import { answerMessage, beginStream, framed, startUpstream } from "./upstream.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createGuest, createHost, openTime, tomorrow } from "../support/people.ts";
import { admin, authorizationOf } from "../support/tokens.ts";
import { waitFor, waitUntil } from "../support/waits.ts";

let pair: Pair;
let gateway: GatewayUnderTest;
let hostId: string;
let guestId: string;
const own: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
  guestId = await createGuest(pair.clients);
  hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(20) });
});
afterEach(async () => {
  for (const started of own.splice(0).toReversed()) await started.stop();
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

/** Books the next slot, which is one change of the host. */
let hour = 8;
async function book(): Promise<void> {
  const [startTime, endTime] = [tomorrow(hour), tomorrow(hour) + HOUR_MS / 2].map((at) => new Date(at).toISOString());
  hour += 1;
  expect((await gateway.call("POST", "/bookings", { body: { hostId, guestId, startTime, endTime } })).status).toBe(201);
}

interface Watch {
  readonly status: number;
  readonly contentType: string | null;
  /** The next piece up to a separator: a line, or an event. Undefined at the end. */
  next(): Promise<string | undefined>;
  leave(): void;
}

async function watch(query: string, headers: Record<string, string> = {}, through = gateway): Promise<Watch> {
  const leaving = new AbortController();
  const answer = await fetch(`${through.url}/bookings:watch?${query}`, {
    headers: { ...(await authorizationOf(admin)), ...headers },
    signal: leaving.signal,
  });
  const contentType = answer.headers.get("content-type");
  const separator = contentType === "text/event-stream" ? "\n\n" : "\n";
  const pieces = answer.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let rest = "";
  return {
    status: answer.status,
    contentType,
    async next() {
      while (!rest.includes(separator)) {
        const piece = await pieces.next();
        if (piece.done === true) return rest === "" ? undefined : rest;
        rest += piece.value;
      }
      const at = rest.indexOf(separator);
      const text = rest.slice(0, at);
      rest = rest.slice(at + separator.length);
      return text;
    },
    leave: () => leaving.abort(),
  };
}

describe("lines of JSON", () => {
  test("begin with where the stream starts, and bring every change", async () => {
    await book();
    const watching = await watch(`host_id=${hostId}&after_sequence=0`);
    expect([watching.status, watching.contentType]).toEqual([200, "application/x-ndjson"]);
    expect(JSON.parse((await watching.next())!)).toEqual({});
    expect(JSON.parse((await watching.next())!)).toMatchObject({ sequence: "1", event: { booking: { guestId } } });
    await book();
    expect(JSON.parse((await watching.next())!)).toMatchObject({ sequence: "2" });
    watching.leave();
  });

  test("that are refused have an HTTP status like any call", async () => {
    const unknown = await gateway.call("GET", `/bookings:watch?host_id=${hostId}&after_sequence=1000`);
    expect([unknown.status, reasonIn(unknown)]).toEqual([400, "SEQUENCE_UNKNOWN"]);
    const wrong = await gateway.call("GET", "/bookings:watch?host_id=x&after_sequence=-");
    expect([wrong.status, fieldsIn(wrong)]).toEqual([400, ["after_sequence", "host_id"]]);
  });

  test("that end early say why in the last one", async () => {
    const watching = await watch(`host_id=${hostId}`, { "connect-timeout-ms": "5000" });
    await watching.next();
    expect(JSON.parse((await watching.next())!)).toMatchObject({ error: { code: 4 } });
    expect(await watching.next()).toBeUndefined();
  });
});

describe("server-sent events", () => {
  const accept = { accept: "text/event-stream" };

  test("have the sequence as their id, and go on behind the last one that was seen", async () => {
    await book();
    const watching = await watch(`host_id=${hostId}&after_sequence=0`, accept);
    expect([watching.status, watching.contentType]).toEqual([200, "text/event-stream"]);
    expect(await watching.next()).toBe("retry: 1000\nid: 0\ndata: {}");
    const [id, data] = (await watching.next())!.split("\n");
    expect(id).toBe("id: 1");
    expect(JSON.parse(data!.replace("data: ", ""))).toMatchObject({ sequence: "1", event: { booking: { guestId } } });
    watching.leave();

    // A browser sends the same URL again.
    const resumed = await watch(`host_id=${hostId}&after_sequence=0`, { ...accept, "last-event-id": "1" });
    expect(await resumed.next()).toContain("id: 1\n");
    expect(await resumed.next()).toMatch(/^id: 2\n/);
    resumed.leave();
  });

  test("that end early say why, and under a name that is not that of a broken connection", async () => {
    const watching = await watch(`host_id=${hostId}`, { ...accept, "connect-timeout-ms": "5000" });
    await watching.next();
    const [event, data] = (await watching.next())!.split("\n");
    expect(event).toBe("event: status");
    expect(JSON.parse(data!.replace("data: ", ""))).toMatchObject({ code: 4 });
  });

  test("an id that is none is refused", async () => {
    const refused = await gateway.call("GET", `/bookings:watch?host_id=${hostId}`, {
      headers: { "last-event-id": "x" },
    });
    expect([refused.status, fieldsIn(refused)]).toEqual([400, ["after_sequence"]]);
  });

  test("keep the connection alive with comments, where the service sends a message without an event", async () => {
    const form = streamForm(
      "text/html, text/event-stream;q=0.9",
      WatchBookingsResponseSchema,
      (await readContract()).types,
    );
    const alive = create(WatchBookingsResponseSchema, { sequence: 7n });
    expect(form.message(alive, true)).toBe('retry: 1000\nid: 7\ndata: {"sequence":"7"}\n\n');
    expect(form.message(alive, false)).toBe(": keep-alive\n\n");
  });
});

describe("many watchers", () => {
  const message = framed(toBinary(WatchBookingsResponseSchema, create(WatchBookingsResponseSchema, { sequence: 1n })));

  test("leave the other calls their connection, get new ones when theirs are full, and are refused beyond a limit", async () => {
    const upstream = await startUpstream(
      (stream, headers) => {
        if (headers[":path"]?.endsWith("/WatchBookings") !== true) return answerMessage(stream);
        beginStream(stream);
        stream.write(message);
        return undefined;
      },
      // The fewest that a server should allow.
      { maxConcurrentStreams: STREAMS_PER_CONNECTION },
    );
    own.push(upstream);
    const watchersMax = STREAMS_PER_CONNECTION + 1;
    const before = await startGatewayOf({ availability: upstream, booking: upstream } as unknown as Pair, {
      OPEN_STREAMS_MAX: String(watchersMax),
    });
    own.push(before);

    const watchers = await Promise.all(Array.from({ length: watchersMax }, () => watch("", {}, before)));
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
      const next = await watch("", {}, before);
      watchers.push(next);
      expect(next.status).toBe(200);
    });
    for (const watcher of watchers) watcher.leave();
  });
});

describe("between the service and the watcher", () => {
  async function inFrontOf(answer: (stream: ServerHttp2Stream) => void): Promise<GatewayUnderTest> {
    const upstream = await startUpstream(answer);
    own.push(upstream);
    const before = await startGatewayOf({ availability: upstream, booking: upstream } as unknown as Pair);
    own.push(before);
    return before;
  }
  const message = framed(toBinary(WatchBookingsResponseSchema, create(WatchBookingsResponseSchema, { sequence: 1n })));

  test("the service learns that the watcher has left", async () => {
    const gone = Promise.withResolvers<void>();
    const before = await inFrontOf((stream) => {
      stream.once("close", () => gone.resolve());
      beginStream(stream);
      stream.write(message);
    });
    const watching = await watch("", {}, before);
    await watching.next();
    watching.leave();
    await expect(gone.promise).resolves.toBeUndefined();
  });

  test("a stream that breaks ends with a line that says so", async () => {
    const ready = Promise.withResolvers<ServerHttp2Stream>();
    const before = await inFrontOf((stream) => {
      beginStream(stream);
      stream.write(message);
      ready.resolve(stream);
    });
    const watching = await watch("", {}, before);
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
    const before = await inFrontOf((stream) => {
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
    const watching = await watch("", {}, before);
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
    const before = await inFrontOf((stream) => {
      beginStream(stream);
      stream.write(message);
    });
    const watching = await watch("", {}, before);
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
