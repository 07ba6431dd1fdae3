/** Tokens that must not be believed, and keys that come and go. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { provideKeys } from "../../services/dev/keys.ts";
import { privateKeyFile } from "../../shared/auth/make-key.ts";
import { readSigningKey, signToken } from "../../shared/auth/sign.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { contentsOf } from "../support/contents.ts";
import { type Ending, endingOfGrpc, endingOfHttp } from "../support/endings.ts";
import { AUDIENCE, forgeries, ISSUER, jwkOf, type Keys, makeKeys, token } from "../support/forged-tokens.ts";
import { grpcCall, grpcChannel } from "../support/grpc.ts";
import { type Served, startAvailabilityService, startPair, variables } from "../support/pair.ts";
import { createHost, openTime, tomorrow } from "../support/people.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { poolOf } from "../support/pool.ts";
import { host, tokenOf } from "../support/tokens.ts";
import { watchBookings } from "../support/watching.ts";
import { waitFor } from "../support/waits.ts";

const LIST_USERS = "/availability.v1.UserService/ListUsers";

let folder: string;
let database: TestDatabase;
let pool: Pool;
let keys: Keys;
let service: Served;
let before: unknown;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slotwright-tokens-"));
  keys = makeKeys();
  database = await createDatabase("availability");
  pool = poolOf(database.url);
  service = await startWith(await keyFile("people.jwks", keys.issuer, keys.rsa));
  before = await contentsOf(pool);
});

afterAll(async () => {
  await service.stop();
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

describe("is not believed:", () => {
  afterEach(nothingHappened);

  const message = (what: string): string =>
    what === "an expired token" ? "the access token has expired" : "a valid access token is required";

  test.each(forgeries)("$what", async ({ what, make }) => {
    const forged = await make(keys);
    const refused = { code: "UNAUTHENTICATED", message: message(what), details: {} };
    expect(await overHttp(service, forged)).toEqual(refused);
    expect(await overGrpc(service, forged)).toEqual(refused);
    // Once more, since good tokens are remembered.
    expect(await overHttp(service, forged)).toEqual(refused);
  });

  test.each([
    ["an administrator", { role: "ADMIN" }],
    ["a host", { role: "HOST", subject: randomUUID() }],
    ["the other service", { subject: "availability" }],
    ["the identity provider", { issuer: ISSUER, role: "ADMIN" }],
  ] as const)("the peer's own key, that its bearer is %s", async (_what, change) => {
    const key = await readSigningKey(privateKeyFile(inject("keyFolder"), "booking"), true);
    const good = {
      issuer: "booking",
      subject: "booking",
      role: "SERVICE",
      audience: AUDIENCE,
      lifetimeSeconds: 60,
    } as const;
    // The peer may not list users either, but is known.
    expect((await overHttp(service, await signToken(key, good))).code).toBe("PERMISSION_DENIED");
    const forged = await signToken(key, { ...good, ...change });
    expect((await overHttp(service, forged)).code).toBe("UNAUTHENTICATED");
    expect((await overGrpc(service, forged)).code).toBe("UNAUTHENTICATED");
  });

  test.each([
    ["another scheme", (good: string) => `Basic ${good}`],
    ["no scheme", (good: string) => good],
    ["two tokens", (good: string) => `Bearer ${good} ${good}`],
    ["two tokens with a comma", (good: string) => `Bearer ${good}, Bearer ${good}`],
    ["a quoted token", (good: string) => `Bearer "${good}"`],
    ["a scheme alone", () => "Bearer"],
  ])("%s", async (_what, header) => {
    const authorization = header(await token(keys.issuer));
    expect((await send(service, { authorization })).code).toBe("UNAUTHENTICATED");
    expect((await overGrpcAs(service, authorization)).code).toBe("UNAUTHENTICATED");
  });

  test("the token in the address, where logs would keep it", async () => {
    const good = await token(keys.issuer);
    const answer = await fetch(`${service.connectUrl}${LIST_USERS}?access_token=${good}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(answer.status).toBe(401);
  });

  test("a header that comes twice, over HTTP/1.1, whichever of the two is good", async () => {
    const good = `Authorization: Bearer ${await token(keys.issuer)}`;
    for (const headers of [
      [good, good],
      [good, "authorization: Bearer x.y.YQ"],
      ["authorization: Bearer x.y.YQ", good],
    ]) {
      expect(await rawHttp1(service, headers)).toMatch(/^HTTP\/1\.1 401 /);
    }
    expect(await rawHttp1(service, [good])).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("a header that comes twice, over HTTP/2 and gRPC", async () => {
    const good = `Bearer ${await token(keys.issuer)}`;
    const type = { "content-type": "application/json" };
    expect(await rawHttp2(service.connectUrl, { ...type, authorization: good })).toMatchObject({ ":status": 200 });
    expect(await rawHttp2(service.connectUrl, { ...type, authorization: [good, good] })).toMatchObject({
      ":status": 401,
    });
    const grpc = { "content-type": "application/grpc+proto", te: "trailers", authorization: [good, good] };
    expect(await rawHttp2(`http://${service.grpcAddress}`, grpc)).toMatchObject({ "grpc-status": "16" });
  });
});

describe("is believed:", () => {
  test("a token for several audiences", async () => {
    expect((await overHttp(service, await token(keys.issuer, { aud: ["booking", AUDIENCE] }))).code).toBe("OK");
  });

  test("a token of either key", async () => {
    expect((await overHttp(service, await token(keys.rsa))).code).toBe("OK");
  });

  test("a scheme in small letters", async () => {
    expect((await send(service, { authorization: `bearer ${await token(keys.issuer)}` })).code).toBe("OK");
  });
});

test("a token is refused from the second on in which it ends, though it was remembered", async () => {
  const short = await token(keys.issuer, { exp: Math.floor(Date.now() / 1000) });
  // Within the tolerance for clocks: good, and not remembered beyond its end.
  expect((await overHttp(service, short)).code).toBe("OK");
  const ended = async (): Promise<void> =>
    expect(await overHttp(service, short)).toMatchObject({
      code: "UNAUTHENTICATED",
      message: "the access token has expired",
    });
  await waitFor(ended);
});

describe("keys come and go", () => {
  test("in a file: a new key is found without a restart, and the old one can be taken away", async () => {
    const file = await keyFile("rotated.jwks", keys.issuer);
    const rotating = await startWith(file);
    expect((await overHttp(rotating, await token(keys.stranger))).code).toBe("UNAUTHENTICATED");
    await keyFile("rotated.jwks", keys.stranger);
    await waitFor(async () => expect((await overHttp(rotating, await token(keys.stranger))).code).toBe("OK"), 60_000);
    expect((await overHttp(rotating, await token(keys.issuer))).code).toBe("UNAUTHENTICATED");
    await rotating.stop();
  });

  test("at a URL: asked when needed, shared by those who wait, and not for every key that somebody makes up", async () => {
    const site = await startKeySite([keys.issuer]);
    const remote = await startWith(site.url);
    expect(site.asked()).toBe(0);
    const goods = await Promise.all(Array.from({ length: 20 }, (_, n) => token(keys.issuer, { sub: `admin-${n}` })));
    const codes = await Promise.all(goods.map(async (good) => (await overHttp(remote, good)).code));
    expect(new Set(codes)).toEqual(new Set(["OK"]));
    expect(site.asked()).toBe(1);
    for (let n = 0; n < 5; n += 1) {
      const made = await token({ ...keys.stranger, kid: `made-up-${n}` });
      expect((await overHttp(remote, made)).code).toBe("UNAUTHENTICATED");
    }
    expect(site.asked()).toBe(1);
    await remote.stop();
    await site.close();
  });

  test("at a URL that is out of reach: the caller is told to come again, and comes in when it is back", async () => {
    const site = await startKeySite([keys.issuer]);
    await site.close();
    const remote = await startWith(site.url);
    const good = await token(keys.issuer);
    expect((await overHttp(remote, good)).code).toBe("UNAVAILABLE");
    const back = await startKeySite([keys.issuer], site.port);
    // It is not asked again at once: a failure is remembered for ten seconds.
    await waitFor(async () => expect((await overHttp(remote, good)).code).toBe("OK"), 60_000);
    expect(back.asked()).toBe(1);
    await remote.stop();
    await back.close();
  });
});

describe("does not start:", () => {
  test("production with a development key, wherever it is named", async () => {
    const development = await provideKeys(join(folder, "development"));
    const own = { ...development.variablesOf("availability"), ENVIRONMENT: "production" };
    await expect(startAvailabilityService(database.url, own)).rejects.toThrow("cannot be used");
    const proper = await keyFile("proper.jwks", keys.issuer);
    const signing = { ...own, AUTH_JWKS: proper, PEER_JWKS: proper };
    await expect(startAvailabilityService(database.url, signing)).rejects.toMatchObject({
      cause: { message: "it is a development key, which production refuses" },
    });
  });

  test.each([
    ["a file that is not there", async () => join(folder, "missing.jwks")],
    ["a file that is not JSON", async () => written("text.jwks", "secret")],
    ["a file without keys", async () => written("empty.jwks", "{}")],
    [
      "private keys",
      async () => written("private.jwks", JSON.stringify({ keys: [keys.issuer.privateKey.export({ format: "jwk" })] })),
    ],
    ["a shared secret", async () => written("secret.jwks", JSON.stringify({ keys: [{ kty: "oct", k: "c2VjcmV0" }] }))],
  ])("with %s for keys, and repeats nothing of it", async (_what, file) => {
    const failure = await startWith(await file()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(String((failure as Error).cause)).not.toMatch(/secret"|c2Vj/);
  });
});

test("a stream ends with its caller's token", async () => {
  const pair = await startPair();
  const hostId = await createHost(pair.clients);
  await openTime(pair.clients, hostId, { start: tomorrow(8), end: tomorrow(9) });
  const short = await tokenOf(host(hostId), { lifetimeSeconds: 2 });
  const grpc = createGrpcTransport({
    baseUrl: `http://${pair.booking.grpcAddress}`,
    interceptors: [bearer(async () => short)],
  });
  for (const [what, end] of [
    ["Connect", endOfStream(pair.booking.connectUrl, "application/connect+json", hostId, short)],
    ["gRPC-Web", endOfStream(pair.booking.connectUrl, "application/grpc-web+json", hostId, short)],
    [
      "gRPC",
      watchBookings(createClient(BookingService, grpc), hostId)
        .then(({ ended }) => ended)
        .then(String),
    ],
  ] as const) {
    expect(await end, what).toContain("the access token has expired");
  }
  await pair.stop();
});

async function nothingHappened(): Promise<void> {
  expect(await contentsOf(pool)).toEqual(before);
  expect(await overHttp(service, await token(keys.issuer))).toMatchObject({ code: "OK" });
}

/** All that comes on the stream until it ends. */
async function endOfStream(url: string, type: string, hostId: string, bearerToken: string): Promise<string> {
  const message = Buffer.from(JSON.stringify({ hostId }));
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const answer = await fetch(`${url}/booking.v1.BookingService/WatchBookings`, {
    method: "POST",
    headers: { "content-type": type, authorization: `Bearer ${bearerToken}` },
    body: frame,
  });
  return (await answer.text()).replaceAll("%20", " ");
}

async function startWith(jwks: string): Promise<Served> {
  const auth = {
    ...(await variables("availability", database.url)),
    AUTH_JWKS: jwks,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  };
  return startAvailabilityService(database.url, auth);
}

async function keyFile(name: string, ...owners: readonly Keys["issuer"][]): Promise<string> {
  return written(name, JSON.stringify({ keys: owners.map(jwkOf) }));
}

async function written(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function overHttp(served: Served, bearerToken: string): Promise<Ending> {
  const { code, message, details } = await send(served, { authorization: `Bearer ${bearerToken}` });
  return { code, message: code === "OK" ? "" : message, details };
}

async function send(served: Served, headers: Record<string, string>): Promise<Ending> {
  const json = { "content-type": "application/json" };
  const answer = await fetch(served.connectUrl + LIST_USERS, {
    method: "POST",
    headers: { ...json, ...headers },
    body: "{}",
  });
  return endingOfHttp(answer);
}

async function overGrpc(served: Served, bearerToken: string): Promise<Ending> {
  return overGrpcAs(served, `Bearer ${bearerToken}`);
}

async function overGrpcAs(served: Served, authorization: string): Promise<Ending> {
  const channel = grpcChannel(served.grpcAddress);
  try {
    await grpcCall(channel, UserService.method.listUsers, {}, {}, authorization);
    return { code: "OK", message: "", details: {} };
  } catch (error) {
    return endingOfGrpc(error as Parameters<typeof endingOfGrpc>[0]);
  } finally {
    channel.close();
  }
}

async function rawHttp1(served: Served, headers: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(served.connectUrl);
  const socket = connectTcp(Number(port), hostname);
  const lines = [`POST ${LIST_USERS} HTTP/1.1`, "Host: h", "Connection: close", "Content-Type: application/json"];
  socket.write([...lines, ...headers, "Content-Length: 2", "", "{}"].join("\r\n"));
  return text(socket);
}

/** The headers and trailers that answer a call. */
async function rawHttp2(url: string, headers: Record<string, string | string[]>): Promise<Record<string, unknown>> {
  // Node would not send a header twice, if it were not told to. Its types do not know the option yet.
  const session = connectHttp2(url, { strictSingleValueFields: false } as object);
  const stream = session.request({ ":method": "POST", ":path": LIST_USERS, ...headers });
  const answered: Record<string, unknown> = {};
  for (const event of ["response", "trailers"]) stream.on(event, (got: object) => Object.assign(answered, got));
  const isGrpc = String(headers["content-type"]).includes("grpc");
  stream.end(isGrpc ? Buffer.alloc(5) : "{}");
  stream.resume();
  await once(stream, "close");
  session.close();
  return answered;
}

interface KeySite {
  readonly url: string;
  readonly port: number;
  readonly asked: () => number;
  readonly close: () => Promise<void>;
}

/** A web site with the public keys. */
async function startKeySite(owners: readonly Keys["issuer"][], port = 0): Promise<KeySite> {
  let asked = 0;
  const site: Server = createServer((_request, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: owners.map(jwkOf) }));
  });
  site.listen(port, "127.0.0.1");
  await once(site, "listening");
  const address = site.address() as AddressInfo;
  const close = async (): Promise<void> => {
    site.closeAllConnections();
    await new Promise((closed) => void site.close(closed));
  };
  return { url: `http://127.0.0.1:${address.port}/keys`, port: address.port, asked: () => asked, close };
}
