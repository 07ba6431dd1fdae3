/** Clients who take their time: each is cut off soon after its limit, and whoever else calls does not notice. */

import { once } from "node:events";
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { connect as connectHttp2, constants } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectTcp } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { wireLimits } from "../shared/rpc/wire-limits.ts";
import { envelope, PREFACE } from "./support/hostile/frames.ts";
import type { WireService } from "./wire-service.ts";
import { startWireService } from "./wire-service.ts";

const LIMIT_MS = 300;
/** A busy machine may notice it so much later. */
const NOTICED_WITHIN_MS = 3_000;
const SOON = "soon after the limit";
const CONNECTIONS_MAX = 4;

const LIST_USERS = "/availability.v1.UserService/ListUsers";
const WATCH = "/booking.v1.BookingService/WatchBookings";

const ports = ["gRPC", "Connect"] as const;
type Port = (typeof ports)[number];

let service: WireService;

beforeAll(async () => {
  service = await startWireService({
    wire: { ...wireLimits, headersTimeoutMs: LIMIT_MS, bodyTimeoutMs: LIMIT_MS, timeoutCheckIntervalMs: LIMIT_MS / 3 },
  });
});

afterAll(() => service.stop());

describe.each(ports)("on the %s port a connection ends", (port) => {
  afterEach(everybodyElseIsAnswered);

  test.each([
    ["that says nothing", ""],
    ["that stops in the middle of its preface", PREFACE.subarray(0, 9)],
    ["that sends a preface and no settings", PREFACE],
  ])("%s", async (_what, bytes) => {
    expect(await whenEnds(() => connectionWith(portOf(service, port), bytes))).toBe(SOON);
  });
});

describe("over HTTP/1.1 a connection ends", () => {
  afterEach(everybodyElseIsAnswered);

  const head = `POST ${LIST_USERS} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n`;

  test.each([
    ["in the middle of its headers", head],
    ["in the middle of its body", `${head}Content-Length: 20\r\n\r\n{"pageSize":`],
  ])("that stops %s", async (_what, bytes) => {
    expect(await whenEnds(() => connectionWith(service.connectPort, bytes))).toBe(SOON);
  });
});

describe.each(ports)("on the %s port a call is reset", (port) => {
  afterEach(everybodyElseIsAnswered);

  test.each([
    ["whose body never comes, though it may take a minute", LIST_USERS, { "grpc-timeout": "60S" }, Buffer.alloc(0)],
    ["whose body is never ended, which asks for a stream", WATCH, {}, envelope(Buffer.alloc(0))],
  ])("%s", async (_what, path, headers, body) => {
    const session = connectHttp2(urlOf(service, port));
    const stream = grpcRequest(session, path, headers);
    if (body.length > 0) stream.write(body);
    expect(await whenEnds(() => once(stream.resume(), "close"))).toBe(SOON);
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    session.close();
  });
});

describe.each(ports)("the %s port takes so many connections", (port) => {
  test("and closes the next one, while those that it has are served, until one of them leaves", async () => {
    const crowded = await startWireService({ wire: { ...wireLimits, connectionsMax: CONNECTIONS_MAX } });
    const url = urlOf(crowded, port);
    const sessions = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => openSession(url)));
    await expect(openSession(url)).rejects.toThrow(/closed|ECONNRESET/);
    expect(await Promise.all(sessions.map(statusOfCall))).toEqual(sessions.map(() => "0"));
    sessions.pop()?.close();
    await vi.waitFor(async () => sessions.push(await openSession(url)));
    for (const session of sessions) session.close();
    await crowded.stop();
  });
});

/** Both ports answer at once. */
async function everybodyElseIsAnswered(): Promise<void> {
  for (const port of ports) {
    const session = connectHttp2(urlOf(service, port));
    expect(await statusOfCall(session)).toBe("0");
    session.close();
  }
}

/** Not before the limit and not long after it, or when. */
async function whenEnds(end: () => Promise<unknown>): Promise<string> {
  const begun = performance.now();
  await end();
  const tookMs = performance.now() - begun;
  // Timers of Node may be a few milliseconds early.
  const isSoon = tookMs > LIMIT_MS - 10 && tookMs < LIMIT_MS + NOTICED_WITHIN_MS;
  return isSoon ? SOON : `after ${tookMs} ms`;
}

/** Sends this and no more, reads whatever comes, and resolves when the other side has ended the connection. */
async function connectionWith(port: number, bytes: string | Buffer): Promise<void> {
  const socket: Socket = connectTcp(port, "127.0.0.1");
  // What we have sent and nobody has read resets the connection.
  socket.on("error", () => undefined).resume();
  if (bytes.length > 0) socket.write(bytes);
  await once(socket, "close");
}

/** Rejects if the connection is closed before it can be used. */
async function openSession(url: string): Promise<ClientHttp2Session> {
  const session = connectHttp2(url);
  const closed = once(session, "close").then(() => {
    throw new Error("the connection was closed");
  });
  await Promise.race([once(session, "remoteSettings"), closed]);
  closed.catch(() => undefined);
  return session;
}

/** A gRPC call, which both ports understand, with its body still to come. */
function grpcRequest(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): ClientHttp2Stream {
  const own = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request({ ...own, ...headers });
  stream.on("error", () => undefined);
  return stream;
}

/** `grpc-status` of a call that goes well. */
async function statusOfCall(session: ClientHttp2Session): Promise<unknown> {
  const stream = grpcRequest(session, LIST_USERS);
  let said: unknown;
  stream.on("trailers", (trailers) => (said = trailers["grpc-status"]));
  stream.resume().end(envelope(Buffer.alloc(0)));
  await once(stream, "close");
  return said;
}

function portOf({ grpcPort, connectPort }: WireService, port: Port): number {
  return port === "gRPC" ? grpcPort : connectPort;
}

function urlOf({ grpcUrl, connectUrl }: WireService, port: Port): string {
  return port === "gRPC" ? grpcUrl : connectUrl;
}
