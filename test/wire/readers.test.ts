/** Clients that do not read their answers: the answers are not kept, and other callers do not notice. */

import { once } from "node:events";
import { connect as connectHttp2, constants, createServer, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { buffer } from "node:stream/consumers";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { WatchBookingsRequestSchema } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { limitAnswerTime } from "../../shared/rpc/wire/answer-time.ts";
import { serviceEntry } from "../../shared/service/serve.ts";
import { CONCURRENT_STREAMS_MAX, wireLimits } from "../../shared/rpc/wire/limits.ts";
import { everybodyIsAnswered, type Port, portOf, ports, SOON, urlOf, whenEnds } from "./slow-clients.ts";
import { envelope, FLAG, frame, framesIn, headerBlock, PREFACE, TYPE } from "../support/hostile/frames.ts";
import { grpcRequest } from "./calls.ts";
import { type LogLine, startWireService, until, type WireService } from "./service.ts";
import { usersOpenFor, usersWith } from "./user-stubs.ts";

/** Much longer than a busy machine delays a call: a client that reads in time must not be cut off. */
const LIMIT_MS = 3000;
const wire = { ...wireLimits, answerTimeoutMs: LIMIT_MS, timeoutCheckIntervalMs: LIMIT_MS / 6 };

const LIST_USERS = "/availability.v1.UserService/ListUsers";
const WATCH = "/booking.v1.BookingService/WatchBookings";
const HEALTH = "/grpc.health.v1.Health";
const NOTHING = envelope(Buffer.alloc(0));
const MESSAGE_BYTES = 64 * 1024;
/** So many messages that no buffer on the way takes them all. */
const MANY = 400;

/** What makes a stream end though it has more to say: when all buffers are full, and before the limit. */
const ENDING_EARLY_MS = LIMIT_MS / 2;
const endingEarly = { "grpc-timeout": `${ENDING_EARLY_MS}m` };
const hasEndedEarly = ({ code }: LogLine): boolean => code === "DEADLINE_EXCEEDED";

let service: WireService;

beforeAll(async () => {
  service = await startWireService({ wire });
});

afterAll(() => service.stop());

afterEach(() => everybodyIsAnswered(service));

describe.each(ports)("over HTTP/2 at the %s port", (port) => {
  test.each([
    ["an answer", LIST_USERS, NOTHING],
    ["an answer about health", `${HEALTH}/Check`, NOTHING],
    ["the rest of a stream", WATCH, watchFor(1)],
    ["the beginning of a stream", WATCH, watchFor(MANY)],
  ])("%s that nobody takes is not kept", async (_what, path, body) => {
    const session = closedWindow(port);
    const stream = grpcRequest(session, path);
    stream.end(body);
    expect(await whenEnds(LIMIT_MS, () => once(stream.resume(), "close"))).toBe(SOON);
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    session.close();
  });

  test("the end of a stream that nobody reads is not kept, while a stream that has nothing to say stays", async () => {
    const idle = connectHttp2(urlOf(service, port));
    const health = grpcRequest(idle, `${HEALTH}/Watch`);
    health.end(NOTHING);
    await once(health, "data");

    const session = closedWindow(port);
    const watch = grpcRequest(session, WATCH, endingEarly);
    watch.end(watchFor(MANY));
    expect(await whenEnds(ENDING_EARLY_MS + LIMIT_MS, () => once(watch.resume(), "close"))).toBe(SOON);
    expect(watch.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(health.closed).toBe(false);
    session.close();
    idle.destroy();
  });

  test("as much is kept as honest clients may leave unread for a while", async () => {
    const patient = await startWireService();
    const session = connectHttp2(urlOf(patient, port), { settings: { initialWindowSize: 0 } });
    await once(session, "remoteSettings");
    // Of each stream, a message waits for room: together more than the 10 MB that Node keeps by itself.
    const streams = Array.from({ length: 200 }, () => grpcRequest(session, WATCH));
    const refused = Promise.race(streams.map((stream) => once(stream, "close"))).then(() => "refused");
    for (const stream of streams) stream.resume().end(watchFor(MANY));
    const accepted = until(() => patient.calls.length === streams.length).then(() => "accepted");
    expect(await Promise.race([refused, accepted])).toBe("accepted");
    session.destroy();
    await patient.stop();
  });

  test("what a connection does not read is not kept either, when the connection goes on", async () => {
    const socket = connectTcp(portOf(service, port), "127.0.0.1");
    const STREAMS = 8;
    socket.write(openWindow());
    for (let index = 0; index < STREAMS; index += 1) socket.write(request(2 * index + 1, WATCH, watchFor(MANY)));
    const before = service.lines.length;
    await until(() => service.lines.slice(before).filter(hasEndedEarly).length === STREAMS);
    await limitsPass(port, 2);
    // Now it reads. What was on its way comes, and then that there is no more.
    let sent = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => (sent = Buffer.concat([sent, chunk])));
    await until(() => framesIn(sent).filter(({ type }) => type === TYPE.reset).length === STREAMS);
    expect(sent.length).toBeLessThan((STREAMS * MANY * MESSAGE_BYTES) / 2);
    socket.destroy();
  });
});

describe("refusals of 1,024 calls without a token that nobody takes are not kept,", () => {
  let closed: WireService;

  beforeAll(async () => {
    const users = serviceEntry(UserService, usersWith(), usersOpenFor());
    closed = await startWireService({ wire, services: [users] });
  });
  afterAll(() => closed.stop());

  test.each(["application/json", "application/grpc-web+json", "application/connect+json"])("as %s", async (type) => {
    const session = connectHttp2(closed.connectUrl, { settings: { initialWindowSize: 0 } });
    await once(session, "remoteSettings");
    const streams = Array.from({ length: CONCURRENT_STREAMS_MAX }, () => {
      const stream = session.request({ ":method": "POST", ":path": LIST_USERS, "content-type": type });
      stream.on("error", () => undefined);
      stream.resume().end("{}");
      return stream;
    });
    const ended = (): Promise<unknown> => Promise.all(streams.map((stream) => once(stream, "close")));
    expect(await whenEnds(LIMIT_MS, ended)).toBe(SOON);
    expect(new Set(streams.map(({ rstCode }) => rstCode))).toEqual(new Set([constants.NGHTTP2_CANCEL]));
    session.close();
  });
});

describe("over HTTP/1.1", () => {
  test("a stream that nobody reads ends, and its connection with it", async () => {
    const socket = connectTcp(service.connectPort, "127.0.0.1");
    const body = watchFor(MANY);
    const head = ["Host: h", "Content-Type: application/connect+proto", `Connect-Timeout-Ms: ${ENDING_EARLY_MS}`];
    const lines = [`POST ${WATCH} HTTP/1.1`, ...head, `Content-Length: ${body.length}`, "", ""];
    socket.write(Buffer.concat([Buffer.from(lines.join("\r\n")), body]));
    const before = service.lines.length;
    await until(() => service.lines.slice(before).some(hasEndedEarly));
    await limitsPass("Connect", 2);
    // It is cut off in the middle: the chunk that ends a response is missing.
    const answered = await buffer(socket);
    expect(answered.length).toBeGreaterThan(MESSAGE_BYTES);
    expect(answered.subarray(-5).toString()).not.toBe("0\r\n\r\n");
  });
});

test("what is cut off is forgotten at once, though its connection takes nothing any more, not even the reset", async () => {
  const deliveries = limitAnswerTime({ ...wire, answerTimeoutMs: 1, timeoutCheckIntervalMs: 1 });
  const server = createServer();
  const answered = Promise.withResolvers<ServerHttp2Stream>();
  server.on("stream", (opened) => {
    const stream = opened as ServerHttp2Stream;
    deliveries.open(stream);
    stream.on("error", () => undefined);
    stream.respond();
    stream.end(Buffer.alloc(MANY * MESSAGE_BYTES));
    answered.resolve(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
  socket.write(Buffer.concat([openWindow(), request(1, "/", NOTHING)]));
  const stream = await answered.promise;
  expect(deliveries.of(stream)).toBeDefined();
  await until(() => deliveries.of(stream) === undefined);
  socket.destroy();
  server.close();
  deliveries.close();
});

/** How many messages of MESSAGE_BYTES the watch of `startWireService` is asked for. */
function watchFor(count: number): Buffer {
  const wanted = create(WatchBookingsRequestSchema, { afterSequence: BigInt(count) });
  return envelope(toBinary(WatchBookingsRequestSchema, wanted));
}

/** A connection whose streams may not send anything. */
function closedWindow(port: Port) {
  return connectHttp2(urlOf(service, port), { settings: { initialWindowSize: 0 } });
}

/** The beginning of a connection that may send as much as it likes. */
function openWindow(): Buffer {
  const MAX = Buffer.from("7fffffff", "hex");
  const initialWindowSize = Buffer.concat([Buffer.from([0, 4]), MAX]);
  const more = Buffer.from("7fff0000", "hex");
  return Buffer.concat([
    PREFACE,
    frame(TYPE.settings, FLAG.none, 0, initialWindowSize),
    frame(TYPE.window, FLAG.none, 0, more),
  ]);
}

function request(stream: number, path: string, body: Buffer): Buffer {
  const headers = { ":method": "POST", ":scheme": "http", ":authority": "h", ":path": path, ...endingEarly };
  const block = headerBlock(Object.entries({ ...headers, "content-type": "application/grpc", te: "trailers" }));
  return Buffer.concat([
    frame(TYPE.headers, FLAG.endHeaders, stream, block),
    frame(TYPE.data, FLAG.endStream, stream, body),
  ]);
}

/** Resolves when an unread answer has been cut off this many times, one after the other. */
async function limitsPass(port: Port, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const session = closedWindow(port);
    const stream = grpcRequest(session, LIST_USERS);
    stream.resume().end(NOTHING);
    await once(stream, "close");
    session.close();
  }
}
