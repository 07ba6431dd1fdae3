/** How a service ends, and how it does not begin. */

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { GetUserRequestSchema, UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { DRAIN_GRACE_MS, wireLimits } from "../../shared/rpc/wire/limits.ts";
import { envelope, FLAG, frame, headerBlock, PREFACE, TYPE } from "../support/hostile/frames.ts";
import { grpcRequest } from "./calls.ts";
import { DEAF, startingWireServices, startWireService, until, type WireService } from "./service.ts";

const start = startingWireServices();

const GET_USER = "/availability.v1.UserService/GetUser";
const WATCH = "/booking.v1.BookingService/WatchBookings";

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

  test.each(["grpcUrl", "connectUrl"] as const)(
    "tells the clients of its %s so while their calls go on",
    async (url) => {
      const service = await start();
      const session = connectHttp2(service[url]);
      const toldAt = new Promise<string>((resolve) => void session.once("goaway", () => resolve("told")));
      const stream = grpcRequest(session, GET_USER, { "grpc-timeout": "3S" });
      stream.resume().end(envelope(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { userId: DEAF }))));
      const ended = once(stream, "close").then(() => "ended");
      await until(() => service.calls.length === 1);
      const stopped = service.stop();
      expect(await Promise.race([toldAt, ended])).toBe("told");
      await stopped;
    },
  );

  test.each([
    ["that has said nothing", ""],
    ["whose own call has ended", http1Call(GET_USER, "connect-timeout-ms: 1000", JSON.stringify({ userId: DEAF }))],
  ])("closes a connection %s while other calls go on", async (_what, said) => {
    const service = await start();
    const idle = await openConnection(service.connectPort);
    const closed = once(idle.resume(), "close").then(() => "closed");
    if (said !== "") idle.write(said);
    await until(() => service.calls.length === Math.min(1, said.length));
    const before = service.calls.length;
    const client = createClient(UserService, createGrpcTransport({ baseUrl: service.grpcUrl }));
    const ended = client.getUser({ userId: DEAF }, { timeoutMs: 5_000 }).catch(() => "the other call has ended");
    await until(() => service.calls.length > before);
    const stopped = service.stop();
    expect(await Promise.race([closed, ended])).toBe("closed");
    await Promise.all([ended, stopped]);
  });

  test.each<[what: string, ask: (service: WireService) => Promise<Socket>]>([
    [
      "of HTTP/1.1",
      async ({ connectPort }) => {
        const socket = await openConnection(connectPort);
        socket.pause().write(http1Call(WATCH, "", envelope(Buffer.alloc(0)), "application/connect+proto"));
        return socket;
      },
    ],
    ["of HTTP/2 at the Connect port", ({ connectPort }) => callWithClosedWindow(connectPort)],
    ["of HTTP/2 at the gRPC port", ({ grpcPort }) => callWithClosedWindow(grpcPort)],
  ])("does not wait for a client %s that takes nothing of its answer", async (_what, ask) => {
    const service = await start({ wire: { ...wireLimits, answerTimeoutMs: Infinity } });
    const socket = await ask(service);
    await until(() => service.calls.length === 1);
    await expect(service.stop()).resolves.toBeUndefined();
    socket.destroy();
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

function openConnection(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.on("error", reject);
  });
}

function http1Call(path: string, header: string, body: string | Buffer, type = "application/json"): string {
  const lines = [
    `POST ${path} HTTP/1.1`,
    "host: a",
    `content-type: ${type}`,
    `content-length: ${body.length}`,
    header,
  ].filter((line) => line !== "");
  return `${lines.join("\r\n")}\r\n\r\n${String(body)}`;
}

/** Asks for a stream that it has no room for. */
async function callWithClosedWindow(port: number): Promise<Socket> {
  const socket = await openConnection(port);
  const noRoom = frame(TYPE.settings, FLAG.none, 0, Buffer.from([0, 4, 0, 0, 0, 0]));
  const headers = { ":method": "POST", ":scheme": "http", ":authority": "a", ":path": WATCH };
  const block = headerBlock(Object.entries({ ...headers, "content-type": "application/grpc", te: "trailers" }));
  const call = frame(TYPE.headers, FLAG.endHeaders, 1, block);
  const body = frame(TYPE.data, FLAG.endStream, 1, envelope(Buffer.alloc(0)));
  socket.resume().write(Buffer.concat([PREFACE, noRoom, call, body]));
  return socket;
}
