/** Tokens that must not be believed, and those that must. */

import { randomUUID } from "node:crypto";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { privateKeyFile } from "../../shared/auth/make-key.ts";
import { readSigningKey, signToken } from "../../shared/auth/sign.ts";
import { BookingService } from "../../shared/gen/booking/v1/booking_service_pb.ts";
import { bearer } from "../../shared/rpc/client.ts";
import { LIST_USERS, overGrpc, overGrpcAs, overHttp, rawHttp1, rawHttp2, send } from "./token-calls.ts";
import { prepareTokenServices, type TokenServices } from "./token-service.ts";
import { contentsOf } from "../support/contents.ts";
import { forgedClaims } from "../support/forged-claims.ts";
import { forgedSignatures } from "../support/forged-signatures.ts";
import { AUDIENCE, ISSUER, type Keys, token } from "../support/forged-tokens.ts";
import { type Served, startPair } from "../support/pair.ts";
import { createHost, openTime, tomorrow } from "../support/people.ts";
import { poolOf } from "../support/pool.ts";
import { host, tokenOf } from "../support/tokens.ts";
import { watchBookings } from "../support/watching.ts";
import { waitFor } from "../support/waits.ts";

let services: TokenServices;
let pool: Pool;
let keys: Keys;
let service: Served;
let before: unknown;

beforeAll(async () => {
  services = await prepareTokenServices();
  ({ keys } = services);
  pool = poolOf(services.database.url);
  service = await services.startWith(await services.keyFile("people.jwks", keys.issuer, keys.second, keys.rsa));
  before = await contentsOf(pool);
});

afterAll(async () => {
  await service.stop();
  await pool.end();
  await services.drop();
});

describe("is not believed:", () => {
  afterEach(nothingHappened);

  // Why, and who is told, is in refused-tokens.test.ts.
  test.each([...forgedClaims, ...forgedSignatures])("$what", async ({ make }) => {
    const forged = await make(keys);
    expect((await overHttp(service, forged)).code).toBe("UNAUTHENTICATED");
    expect((await overGrpc(service, forged)).code).toBe("UNAUTHENTICATED");
    // Once more, since good tokens are remembered.
    expect((await overHttp(service, forged)).code).toBe("UNAUTHENTICATED");
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

  test("an administrator's token that names other roles too", async () => {
    expect((await overHttp(service, await token(keys.issuer, { role: ["USER", "ADMIN", "ROOT"] }))).code).toBe("OK");
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
      message: expect.stringMatching(/^the access token has expired/) as unknown,
    });
  await waitFor(ended);
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
