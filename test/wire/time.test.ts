/** Clients who take their time: each is cut off soon after its limit, and other callers do not notice. */

import { once } from "node:events";
import { connect as connectHttp2, constants } from "node:http2";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { wireLimits } from "../../shared/rpc/wire/limits.ts";
import { envelope, PREFACE } from "../support/hostile/frames.ts";
import {
  connectionWith,
  everybodyIsAnswered,
  openSession,
  ports,
  portOf,
  SOON,
  statusOfCall,
  urlOf,
  whenEnds,
} from "./slow-clients.ts";
import { grpcRequest } from "./calls.ts";
import { DEAF, startWireService, type WireService } from "./service.ts";
import { waitFor } from "../support/waits.ts";

/** Much longer than a busy machine delays a call: a client that is in time must not be cut off. */
const LIMIT_MS = 3000;
const CONNECTIONS_MAX = 4;

const LIST_USERS = "/availability.v1.UserService/ListUsers";
const HEALTH_WATCH = "/grpc.health.v1.Health/Watch";
const WATCH = "/booking.v1.BookingService/WatchBookings";

let service: WireService;

beforeAll(async () => {
  service = await startWireService({
    wire: { ...wireLimits, headersTimeoutMs: LIMIT_MS, bodyTimeoutMs: LIMIT_MS, timeoutCheckIntervalMs: LIMIT_MS / 3 },
  });
});

afterAll(() => service.stop());

describe.each(ports)("on the %s port a connection ends", (port) => {
  afterEach(() => everybodyIsAnswered(service));

  test.each([
    ["that says nothing", ""],
    ["that stops in the middle of its preface", PREFACE.subarray(0, 9)],
    ["that sends a preface and no settings", PREFACE],
  ])("%s", async (_what, bytes) => {
    expect(await whenEnds(LIMIT_MS, () => connectionWith(portOf(service, port), bytes))).toBe(SOON);
  });
});

describe("over HTTP/1.1 a connection ends", () => {
  afterEach(() => everybodyIsAnswered(service));

  const head = `POST ${LIST_USERS} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n`;

  test.each([
    ["in the middle of its headers", head],
    ["in the middle of its body", `${head}Content-Length: 20\r\n\r\n{"pageSize":`],
  ])("that stops %s", async (_what, bytes) => {
    expect(await whenEnds(LIMIT_MS, () => connectionWith(service.connectPort, bytes))).toBe(SOON);
  });
});

test("over HTTP/1.1 a call may take longer than its connection may keep silent before it", async () => {
  const body = JSON.stringify({ userId: DEAF });
  const headers = { "content-type": "application/json", "connect-timeout-ms": String(2 * LIMIT_MS) };
  const answer = await fetch(`${service.connectUrl}/availability.v1.UserService/GetUser`, {
    method: "POST",
    headers,
    body,
  });
  expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
});

describe.each(ports)("on the %s port a call is reset", (port) => {
  afterEach(() => everybodyIsAnswered(service));

  test.each([
    ["whose body never comes, though it may take a minute", LIST_USERS, { "grpc-timeout": "60S" }, Buffer.alloc(0)],
    ["whose body is never ended, which asks for a stream", WATCH, {}, envelope(Buffer.alloc(0))],
  ])("%s", async (_what, path, headers, body) => {
    const session = connectHttp2(urlOf(service, port));
    const stream = grpcRequest(session, path, headers);
    if (body.length > 0) stream.write(body);
    expect(await whenEnds(LIMIT_MS, () => once(stream.resume(), "close"))).toBe(SOON);
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    session.close();
  });

  test("that has sent no body in time, and not a stream whose body came before", async () => {
    const session = connectHttp2(urlOf(service, port));
    const [stream, late] = [
      grpcRequest(session, HEALTH_WATCH),
      grpcRequest(session, LIST_USERS, { "grpc-timeout": "60S" }),
    ];
    stream.resume().end(envelope(Buffer.alloc(0)));
    await once(late.resume(), "close");
    // A later one, on the way of which what the stream's timer has done would have come.
    expect(await statusOfCall(session)).toBe(status.OK);
    expect(stream.closed).toBe(false);
    session.destroy();
  });
});

test("on the gRPC port a conversation may take longer than a body", async () => {
  const session = connectHttp2(service.grpcUrl);
  const [conversation, late] = [
    grpcRequest(session, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"),
    grpcRequest(session, LIST_USERS, { "grpc-timeout": "60S" }),
  ];
  conversation.resume();
  await once(late.resume(), "close");
  // A later one, on the way of which what the conversation's timer has done would have come.
  expect(await statusOfCall(session)).toBe(status.OK);
  expect(conversation.closed).toBe(false);
  session.destroy();
});

describe.each(ports)("the %s port takes so many connections", (port) => {
  test("and closes the next one, while those that it has are served, until one of them leaves", async () => {
    const crowded = await startWireService({ wire: { ...wireLimits, connectionsMax: CONNECTIONS_MAX } });
    const url = urlOf(crowded, port);
    const sessions = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => openSession(url)));
    await expect(openSession(url)).rejects.toThrow(/closed|ECONNRESET/);
    expect(await Promise.all(sessions.map(statusOfCall))).toEqual(sessions.map(() => status.OK));
    sessions.pop()?.close();
    await waitFor(async () => sessions.push(await openSession(url)));
    for (const session of sessions) session.close();
    await crowded.stop();
  });
});
