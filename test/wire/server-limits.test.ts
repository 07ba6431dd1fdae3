/** What the servers that run are set to, where to wait for a limit, or to reach it, would take a test too long. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request as requestPlain, type Server } from "node:http";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type Http2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { request as requestSecure } from "node:https";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { startGateway } from "../../services/gateway/service.ts";
import { readTls } from "../../shared/rpc/wire/tls.ts";
import { type Certificate, hasOpenssl, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { testLog } from "../support/logs.ts";
import { startWireService, type WireService } from "./service.ts";

const own: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of own.splice(0)) await stop();
});

type StartOn = (certificate: Certificate | undefined) => Promise<number>;

async function startService(certificate: Certificate | undefined): Promise<WireService> {
  const files = { cert: certificate?.cert, key: certificate?.key, clientCa: undefined, peerCa: undefined };
  const { server: tls } = await readTls(files);
  const service = await startWireService({ tls });
  own.push(() => service.stop());
  return service;
}
const startConnect: StartOn = async (certificate) => (await startService(certificate)).connectPort;
const startGatewayOn: StartOn = async (certificate) => {
  const tls = certificate === undefined ? {} : { TLS_CERT: certificate.cert, TLS_KEY: certificate.key };
  const config = gatewayConfig({ GATEWAY_PORT: "0", ...tls });
  const gateway = await startGateway(config, testLog("gateway"));
  own.push(() => gateway.stop());
  return gateway.port;
};

/** The HTTP/1.1 server behind a port. Node says so when a request comes. */
async function serverBehind(port: number, isSecure: boolean): Promise<Server> {
  const servers: Server[] = [];
  const look = (message: unknown): void => void servers.push((message as { server: Server }).server);
  subscribe("http.server.request.start", look);
  try {
    const call = isSecure
      ? requestSecure({ port, host: "127.0.0.1", agent: false, rejectUnauthorized: false })
      : requestPlain({ port, host: "127.0.0.1", agent: false });
    call.end();
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    await once(answer.resume(), "end");
  } finally {
    unsubscribe("http.server.request.start", look);
  }
  return servers[0]!;
}

describe("limits are set", () => {
  const limits = {
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 30_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 75_000,
    maxConnections: 8192,
  };
  let folder: string;
  let certificate: Certificate;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "slotwright-limits-"));
    if (hasOpenssl()) certificate = await makeCertificate(folder, "server", await makeAuthority(folder, "authority"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ["the Connect port", startConnect],
    ["the gateway", startGatewayOn],
  ])("at %s", async (_door, startOn) => {
    expect(await serverBehind(await startOn(undefined), false)).toMatchObject(limits);
    if (!hasOpenssl()) return;
    const server = await serverBehind(await startOn(certificate), true);
    expect(server).toMatchObject(limits);
    expect(ofSymbol(server, "handshake-timeout")).toBe(10_000);
  });

  test.skipIf(!hasOpenssl())("at the gRPC port, for a handshake", async () => {
    const { grpcPort } = await startService(certificate);
    const client = connectHttp2(`https://127.0.0.1:${grpcPort}`, { rejectUnauthorized: false });
    const { socket } = await sessionBehind(client);
    expect(ofSymbol((socket as unknown as { server: object }).server, "handshake-timeout")).toBe(10_000);
    client.close();
  });
});

test("what is no request, behind an answer that ends its connection, does not break that answer off", async () => {
  const server = await serverBehind(await startGatewayOn(undefined), false);
  const socket = await halfEnded();
  const errors: unknown[] = [];
  socket.on("error", (error) => errors.push(error));
  server.emit("clientError", new Error("junk"), socket);
  await once(socket, "close");
  expect(errors).toEqual([]);
});

test("an idle connection of HTTP/2 is closed at the Connect port after ten minutes", async () => {
  const client = connectHttp2(`http://127.0.0.1:${await startConnect(undefined)}`);
  const session = await sessionBehind(client);
  expect(ofSymbol(session, "timeout")).toMatchObject({ _idleTimeout: 600_000 });
  const closed = once(client, "close");
  session.emit("timeout");
  await closed;
});

/** The server's end of a connection. Node says so when a stream is opened on it. */
async function sessionBehind(client: ClientHttp2Session): Promise<Http2Session> {
  const sessions: Http2Session[] = [];
  const look = (message: unknown): void => {
    const { session } = (message as { stream: ServerHttp2Stream }).stream;
    if (session !== undefined) sessions.push(session);
  };
  subscribe("http2.server.stream.created", look);
  try {
    await once(client.request().resume(), "close");
    return sessions[0]!;
  } finally {
    unsubscribe("http2.server.stream.created", look);
  }
}

/** A connection of a server that has said its last word, which is still on its way. */
async function halfEnded(): Promise<Socket> {
  const server = createServer();
  const connected = once(server, "connection") as Promise<[Socket]>;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
  const [socket] = await connected;
  server.close();
  socket.end(Buffer.alloc(16 * 1024 * 1024));
  client.resume();
  return socket;
}

/** What Node keeps about an object of its own. */
function ofSymbol(of: object | undefined, name: string): unknown {
  const symbol = Object.getOwnPropertySymbols(of ?? {}).find(({ description }) => description === name);
  return symbol === undefined ? undefined : (of as Record<symbol, unknown>)[symbol];
}
