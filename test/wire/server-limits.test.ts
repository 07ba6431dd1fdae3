/** What the servers that run are set to, where to wait for a limit, or to reach it, would take a test too long. */

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request as requestPlain, type Server } from "node:http";
import { connect as connectHttp2, type Http2Session, type ServerHttp2Stream } from "node:http2";
import { request as requestSecure } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { startGateway } from "../../services/gateway/service.ts";
import { readTls } from "../../shared/rpc/wire/tls.ts";
import { type Certificate, hasOpenssl, makeAuthority, makeCertificate } from "../support/certificates.ts";
import { testLog } from "../support/logs.ts";
import { startWireService } from "./service.ts";

const own: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of own.splice(0)) await stop();
});

type StartOn = (certificate: Certificate | undefined) => Promise<number>;

const startConnect: StartOn = async (certificate) => {
  const files = { cert: certificate?.cert, key: certificate?.key, clientCa: undefined, peerCa: undefined };
  const { server: tls } = await readTls(files);
  const service = await startWireService({ tls });
  own.push(() => service.stop());
  return service.connectPort;
};
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

describe("of HTTP/1.1 the limits are set", () => {
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
});

test("an idle connection of HTTP/2 is closed at the Connect port after ten minutes", async () => {
  const sessions: Http2Session[] = [];
  const look = (message: unknown): void => {
    const { session } = (message as { stream: ServerHttp2Stream }).stream;
    if (session !== undefined) sessions.push(session);
  };
  subscribe("http2.server.stream.created", look);
  const client = connectHttp2(`http://127.0.0.1:${await startConnect(undefined)}`);
  await once(client.request().resume(), "close");
  unsubscribe("http2.server.stream.created", look);
  expect(ofSymbol(sessions[0], "timeout")).toMatchObject({ _idleTimeout: 600_000 });
  const closed = once(client, "close");
  sessions[0]?.emit("timeout");
  await closed;
});

/** What Node keeps about an object of its own. */
function ofSymbol(of: object | undefined, name: string): unknown {
  const symbol = Object.getOwnPropertySymbols(of ?? {}).find(({ description }) => description === name);
  return symbol === undefined ? undefined : (of as Record<symbol, unknown>)[symbol];
}
