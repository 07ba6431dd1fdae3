/** How a service ends, and how it does not begin. */

import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import { GetUserRequestSchema, UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { envelope } from "../support/hostile/frames.ts";
import { grpcRequest } from "./calls.ts";
import { DEAF, startingWireServices, startWireService, until } from "./service.ts";

const start = startingWireServices();

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
      const stream = grpcRequest(session, "/availability.v1.UserService/GetUser", { "grpc-timeout": "3S" });
      stream.resume().end(envelope(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { userId: DEAF }))));
      const ended = once(stream, "close").then(() => "ended");
      await until(() => service.calls.length === 1);
      const stopped = service.stop();
      expect(await Promise.race([toldAt, ended])).toBe("told");
      await stopped;
    },
  );

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

function openConnection(port: number) {
  const socket = connectTcp(port, "127.0.0.1");
  return new Promise<typeof socket>((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}
