/** Bodies that go on after they have been refused: nothing reads them to their end, and an honest client still reads why. */

import { once, type EventEmitter } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { type RunningGateway, startGateway } from "../../services/gateway/service.ts";
import type { Identity } from "../../shared/auth/identity.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { serviceEntry } from "../../shared/service/serve.ts";
import { testLog } from "../support/logs.ts";
import { startWireService, type WireService } from "./service.ts";
import { usersOpenFor, usersWith } from "./user-stubs.ts";

const LIST_USERS = "/availability.v1.UserService/ListUsers";
const TOKEN = "Bearer a.b.YQ";
/** More than lies in the buffers of a connection, and in ours. */
const ENDLESS_BYTES = 256 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, " ");

let service: WireService;
let gateway: RunningGateway;

beforeAll(async () => {
  const access = usersOpenFor({ listUsers: { ADMIN: "everybody" } });
  const admin: Identity = { subject: "ada", role: "ADMIN", expireTime: Infinity };
  service = await startWireService({
    services: [serviceEntry(UserService, usersWith(), access)],
    authentication: { identify: () => admin, tellsWhy: false },
  });
  gateway = await startGateway(gatewayConfig({ GATEWAY_PORT: "0" }), testLog("gateway"));
});
afterAll(async () => {
  await gateway.stop();
  await service.stop();
});

const json = { "content-type": "application/json" };
const known = { authorization: TOKEN };

describe.each<[what: string, path: string, headers: Readonly<Record<string, string>>, status: number]>([
  ["nobody's", LIST_USERS, json, 401],
  ["for nothing", "/nothing", json, 404],
  ["of another type", LIST_USERS, { ...known, "content-type": "text/plain" }, 415],
  ["that is too large", LIST_USERS, { ...known, ...json }, 429],
  ["that expects what nobody knows", "/nothing", { ...json, expect: "the unexpected" }, 404],
])("at the Connect port a body %s is refused and not read to its end", (_what, path, headers, status) => {
  test("over HTTP/1.1", async () => {
    expect(await endless(service.connectPort, `POST ${path}`, headers)).toEqual({ status, end: "closed" });
  });

  test("over HTTP/2", async () => {
    const answered = { status, end: "told to stop" };
    expect(await endlessStream(service.connectUrl, path, headers)).toEqual(answered);
  });
});

test.each([
  ["nobody's", LIST_USERS, {}, "16"],
  ["for nothing", "/nothing", {}, "12"],
  ["that is too large", LIST_USERS, known, "8"],
  ["of another type", LIST_USERS, { ...known, "content-type": "text/plain" }, undefined],
])("at the gRPC port a body %s is refused and not read to its end", async (_what, path, headers, grpcStatus) => {
  const own = { "content-type": "application/grpc", te: "trailers", ...headers };
  const { grpcStatus: said, end } = await endlessStream(service.grpcUrl, path, own);
  expect([said, end]).toEqual([grpcStatus, "told to stop"]);
});

test.each<[what: string, start: string, headers: Readonly<Record<string, string>>, status: number]>([
  ["for nothing", "POST /nothing", json, 404],
  ["by another verb", "PUT /users", json, 405],
  ["of another type", "POST /users", { "content-type": "text/plain" }, 415],
  ["nobody's", "POST /users", json, 401],
  ["that is too large", "POST /users", { ...known, ...json }, 413],
  ["that expects what nobody knows", "POST /nothing", { ...json, expect: "the unexpected" }, 404],
  ["behind a head that is none", "POST /users nothing", json, 400],
  ["that comes after its deadline", "POST /users", { ...known, ...json, "grpc-timeout": "100m" }, 504],
])("at the gateway a body %s is refused and not read to its end", async (_what, start, headers, status) => {
  // What is no request is answered at once, and its connection closed: a client that still writes may lose the answer with it.
  const sendsOn = status === 400 || status === 504 ? "after its answer" : "at once";
  expect(await endless(gateway.port, start, headers, sendsOn)).toEqual({ status, end: "closed" });
});

test.each([
  ["the Connect port", () => service.connectPort],
  ["the gateway", () => gateway.port],
])("at %s a small body that comes after its refusal leaves its connection to the next request", async (_door, port) => {
  const socket = connectTcp(port(), "127.0.0.1");
  const head = "POST /nothing HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 65536\r\n\r\n";
  for (let round = 0; round < 3; round += 1) {
    socket.write(head);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1.1 404 /);
    socket.write(PIECE);
  }
  socket.destroy();
});

test("at the gateway a body that says that it is too large is refused before any of it comes", async () => {
  const socket = connectTcp(gateway.port, "127.0.0.1");
  const head = `POST /users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nauthorization: ${TOKEN}\r\n`;
  socket.write(`${head}content-length: 65537\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1.1 413 /);
  socket.destroy();
});

/** Sends a body without end over HTTP/1.1, while the server takes it. */
async function endless(
  port: number,
  start: string,
  headers: Readonly<Record<string, string>>,
  sendsOn: "at once" | "after its answer" = "at once",
): Promise<{ status: number; end: "closed" | "still read" }> {
  // It does not leave by itself when the server has ended its own half.
  const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  const closed = new Promise((resolve) => void socket.once("close", resolve));
  let received = "";
  socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${start} HTTP/1.1\r\nhost: a\r\n${lines.join("")}transfer-encoding: chunked\r\n\r\n`);
  if (sendsOn === "after its answer") await Promise.race([next(socket, "data"), closed]);
  const chunk = Buffer.concat([Buffer.from(`${PIECE.length.toString(16)}\r\n`), PIECE, Buffer.from("\r\n")]);
  for (let sent = 0; sent < ENDLESS_BYTES && !socket.destroyed; sent += chunk.length) {
    if (!socket.write(chunk)) await Promise.race([next(socket, "drain"), closed]);
  }
  const end = socket.destroyed ? "closed" : "still read";
  socket.destroy();
  return { status: Number(/^HTTP\/1.1 (\d+)/.exec(received)?.[1]), end };
}

/** The same over HTTP/2. */
async function endlessStream(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; end: "told to stop" | "still open"; grpcStatus?: unknown }> {
  const session = connectHttp2(url);
  const stream = session.request({ ":method": "POST", ":path": path, ...headers });
  stream.on("error", () => undefined).resume();
  const closed = new Promise((resolve) => void stream.once("close", resolve));
  const said: Record<string, unknown> = {};
  for (const event of ["response", "trailers"]) stream.on(event, (got: object) => Object.assign(said, got));
  for (let sent = 0; sent < ENDLESS_BYTES && !stream.closed; sent += PIECE.length) {
    if (!stream.write(PIECE)) await Promise.race([next(stream, "drain"), closed]);
  }
  const end = stream.closed && stream.rstCode === 0 ? "told to stop" : "still open";
  session.destroy();
  return {
    status: Number(said[":status"]),
    end,
    ...("grpc-status" in said ? { grpcStatus: said["grpc-status"] } : {}),
  };
}

/** Unlike `once` of node:events it does not reject: connections of those who go too far end with errors. */
function next(emitter: EventEmitter, event: string): Promise<void> {
  return new Promise((resolve) => void emitter.once(event, () => resolve()));
}
