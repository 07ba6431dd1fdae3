/** The gateway as an HTTP server: what it refuses and how, what it passes on, and how it behaves when a service is away. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { IncomingHttpHeaders } from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn, startGatewayOf } from "./started.ts";
import { answerMessage, startUpstream, type Upstream } from "./upstream.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost } from "../support/people.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

const ORIGIN = "https://calendar.example";
/** It has the form of one, which is all that the gateway looks at. */
const TOKEN = { authorization: "Bearer a.b.YQ" };

let pair: Pair;
let gateway: GatewayUnderTest;
/** What a test started for itself. */
const own: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair, { CORS_ORIGINS: `${ORIGIN},https://other.example` });
});
afterEach(async () => {
  for (const started of own.splice(0).toReversed()) await started.stop();
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

/** A gateway in front of a server of the test's. */
async function inFrontOf(
  answer: Parameters<typeof startUpstream>[0],
): Promise<{ before: GatewayUnderTest; upstream: Upstream }> {
  const upstream = await startUpstream(answer);
  own.push(upstream);
  const before = await startGatewayOf({ availability: upstream, booking: upstream } as unknown as Pair);
  own.push(before);
  return { before, upstream };
}

/** All that is answered to a request by hand, up to the end of the connection. */
async function answerTo(request: string, { url } = gateway): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(request);
  let text = "";
  socket.on("data", (piece) => (text += String(piece)));
  await once(socket, "close");
  return text;
}

describe("every refusal has the one form", () => {
  const json = { "content-type": "application/json" };

  test.each<[what: string, path: string, init: RequestInit, status: number, code: number]>([
    ["an unknown path", "/nothing", {}, 404, 5],
    [
      "a method without a JSON form",
      "/booking.v1.FenceService/FenceHost",
      { method: "POST", headers: json, body: "{}" },
      404,
      5,
    ],
    ["a trailing slash", "/users/", {}, 404, 5],
    ["another verb", "/bookings/1:cancel", { method: "GET" }, 405, 12],
    ["an HTTP method that nobody has", "/users", { method: "PROPFIND" }, 405, 12],
    ["a path that is not UTF-8", "/users/%ff", {}, 400, 3],
    ["a path that is not encoded right", "/users/%zz", {}, 400, 3],
    ["a body that is not JSON", "/users", { method: "POST", headers: json, body: "{" }, 400, 3],
    ["a body that is a list", "/users", { method: "POST", headers: json, body: "[]" }, 400, 3],
    [
      "a body that is not UTF-8",
      "/users",
      { method: "POST", headers: json, body: new Uint8Array([0x22, 0xff, 0x22]) },
      400,
      3,
    ],
    ["a form", "/users", { method: "POST", body: new URLSearchParams("email=x") }, 415, 3],
    ["a body without a type", "/users", { method: "POST", body: new Uint8Array([0x7b, 0x7d]) }, 415, 3],
    [
      "a compressed body",
      "/users",
      { method: "POST", headers: { ...json, "content-encoding": "gzip" }, body: "{}" },
      415,
      3,
    ],
    [
      "a body in UTF-16",
      "/users",
      { method: "POST", headers: { "content-type": 'application/json; a=b;charset="UTF-16"' }, body: "{}" },
      415,
      3,
    ],
    [
      "a large body whose length nobody says",
      "/users",
      { method: "POST", headers: json, body: new Blob(["x".repeat(100_000)]).stream(), duplex: "half" },
      413,
      8,
    ],
    ["a large body", "/users", { method: "POST", headers: json, body: `"${"x".repeat(64 * 1024)}"` }, 413, 8],
    ["a timeout that is none", `/users/${randomUUID()}`, { headers: { "connect-timeout-ms": "soon" } }, 400, 3],
    ["a timeout that has passed", `/users/${randomUUID()}`, { headers: { "grpc-timeout": "0m" } }, 504, 4],
    ["a call without a token", `/users/${randomUUID()}`, {}, 401, 16],
  ])("%s", async (_what, path, init, status, code) => {
    const headers = { ...(status === 401 ? {} : TOKEN), ...(init.headers as Record<string, string>) };
    const answer = await fetch(`${gateway.url}${path}`, { ...init, headers });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "application/json; charset=utf-8"]);
    expect(await answer.json()).toEqual({ code, message: expect.any(String) as string, details: [] });
    expect(answer.headers.get("x-request-id")).toBeTruthy();
  });

  test.each([
    ["a head that is no HTTP", "HELO mail\r\n\r\n", 400],
    ["two Host headers", "GET /users HTTP/1.1\r\nhost: a\r\nHost: b\r\nconnection: close\r\n\r\n", 400],
    ["the same Host twice, at a page", "GET /docs HTTP/1.1\r\nhost: a\r\nhost: a\r\nconnection: close\r\n\r\n", 400],
    ["a head that is too large", `GET /users HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(17 * 1024)}\r\n\r\n`, 431],
  ])("even %s", async (_what, head, status) => {
    const text = await answerTo(head);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ code: 3, details: [] });
  });

  test.each(["utf-8", '"UTF-8"', "UTF-8 ;a=b"])("a body may say that it is in %s", async (charset) => {
    const headers = { "content-type": `application/json; charset=${charset}` };
    expect((await gateway.call("POST", "/users", { headers, body: {} })).status).toBe(400);
  });

  test("405 says what there is", async () => {
    expect((await gateway.call("DELETE", "/users")).headers.get("allow")).toBe("GET, HEAD, POST");
    expect((await gateway.call("POST", "/bookings:watch")).headers.get("allow")).toBe("GET");
    const options = await fetch(`${gateway.url}/bookings/1:cancel`, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "POST"]);
  });

  test.each(["/healthz", "/openapi.json", "/docs", "/docs/", "/docs/start.js"])("%s is for reading", async (path) => {
    for (const httpMethod of ["POST", "DELETE", "PROPFIND"]) {
      const refused = await gateway.call(httpMethod, path, { body: {} });
      expect([refused.status, refused.headers.get("allow"), refused.body["code"]]).toEqual([405, "GET, HEAD", 12]);
    }
    expect((await gateway.call("HEAD", path)).status).toBe(200);
  });

  test("401 says how to sign in", async () => {
    const answer = await fetch(`${gateway.url}/users`);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("a refusal of a service keeps its reason, its details and all bad fields", async () => {
    const refused = await gateway.call("GET", "/bookings?host_id=x&guest_id=y");
    expect([refused.status, reasonIn(refused), fieldsIn(refused)]).toEqual([
      400,
      "INVALID_REQUEST",
      ["host_id", "guest_id"],
    ]);
  });
});

describe("who shows nothing that has the form of a token", () => {
  test.each<[what: string, headers: Record<string, string>]>([
    ["nothing", {}],
    ["another scheme", { authorization: "Basic YTpi" }],
    ["two parts", { authorization: "Bearer a.b" }],
    ["too much", { authorization: `Bearer ${"a".repeat(5_000)}.b.c` }],
  ])("%s is refused as the service refuses it, before the rest of the request is read", async (_what, headers) => {
    const rest = { "content-type": "application/json", "content-length": "9" };
    const all = Object.entries({ ...headers, ...rest }).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    // The body stays away, and the query is no good: neither is asked for.
    socket.write(`POST /bookings?no=1 HTTP/1.1\r\nhost: a\r\n${all.join("")}\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1.1 401 [^]*www-authenticate: Bearer/i);
    const ofService = await fetch(`${pair.booking.connectUrl}/booking.v1.BookingService/GetBooking`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    });
    expect(String(answer)).toContain(((await ofService.json()) as { message: string }).message);
  });
});

test.each([
  ["a path in a whole URL", "GET http://slots.example:8080/healthz HTTP/1.1", /^HTTP\/1.1 200 /],
  ["a call in one", "GET HTTP://slots.example/users/1 HTTP/1.1", /^HTTP\/1.1 401 /],
  ["a URL without a path", "GET http://slots.example HTTP/1.1", /^HTTP\/1.1 404 /],
  ["a URL with a query only", "OPTIONS https://slots.example?host_id=1 HTTP/1.1", /^HTTP\/1.1 404 /],
])("%s is taken for its path", async (_what, line, expected) => {
  expect(await answerTo(`${line}\r\nhost: a\r\nconnection: close\r\n\r\n`)).toMatch(expected);
});

test("HEAD is GET without its body, except of a stream", async () => {
  const { headers, body } = await gateway.call("GET", `/users/${await createHost(pair.clients)}`);
  const head = await gateway.call("HEAD", `/users/${body["user"]!["id"]}`);
  expect([head.status, head.headers.get("content-length")]).toEqual([200, headers.get("content-length")]);
  expect(head.body).toBe("");
  expect((await gateway.call("HEAD", "/bookings:watch")).status).toBe(405);
});

describe("pages of other origins", () => {
  test("that are named may call, and read what they need", async () => {
    const preflight = await fetch(`${gateway.url}/bookings`, {
      method: "OPTIONS",
      headers: { origin: ORIGIN, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("idempotency-key");
    const { headers } = await gateway.call("GET", "/nothing", { headers: { origin: ORIGIN } });
    expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(headers.get("access-control-expose-headers")).toContain("etag");
    expect(headers.get("vary")).toBe("origin");
  });

  test("that are not named may not", async () => {
    const { headers } = await gateway.call("GET", "/users", { headers: { origin: "https://evil.example" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("vary")).toBe("origin");
  });

  test("are told apart by settings that are checked", () => {
    expect(gatewayConfig({ CORS_ORIGINS: "*" }).corsOrigins).toEqual(["*"]);
    for (const CORS_ORIGINS of ["https://a.example/", "a.example", "*,https://a.example", "https://a.example,"]) {
      expect(() => gatewayConfig({ CORS_ORIGINS })).toThrow("CORS_ORIGINS must be origins");
    }
  });
});

describe("what crosses the gateway", () => {
  test("is who calls, the trace, the name of the call and what is left of its time", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const { before } = await inFrontOf((stream, headers) => {
      seen.push(headers);
      answerMessage(stream);
    });
    const passed = {
      ...TOKEN,
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "a=b",
      "x-request-id": "call-1",
    };
    const answer = await fetch(`${before.url}/users/1`, {
      headers: { ...passed, "grpc-timeout": "60S", cookie: "a=b" },
    });
    expect(answer.headers.get("x-request-id")).toBe("call-1");
    expect(seen[0]).toMatchObject({ ...passed, ":path": "/availability.v1.UserService/GetUser" });
    expect(seen[0]?.["cookie"]).toBeUndefined();
    expect(Number(seen[0]?.["connect-timeout-ms"])).toBeGreaterThan(30_000);
    expect(Number(seen[0]?.["connect-timeout-ms"])).toBeLessThanOrEqual(60_000);
    await fetch(`${before.url}/users/1`, { headers: { ...TOKEN, "x-request-id": "with spaces in it" } });
    // A unary call always has a deadline, and a name.
    expect(Number(seen[1]?.["connect-timeout-ms"])).toBeLessThanOrEqual(10_000);
    expect(seen[1]?.["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("is never one of two tokens", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const { before } = await inFrontOf((stream, headers) => {
      seen.push(headers);
      answerMessage(stream);
    });
    const head = "GET /users/1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
    await answerTo(`${head}authorization: Bearer a.b.YQ\r\nAuthorization: Bearer d.e.YQ\r\n\r\n`, before);
    expect(seen).toEqual([]);

    const { authorization } = await authorizationOf(admin);
    const twice = `authorization: ${authorization}\r\n`.repeat(2);
    expect(await answerTo(`${head}${twice}\r\n`)).toMatch(/^HTTP\/1.1 401 /);
  });

  test("back come the service's limits, and nothing else of its headers", async () => {
    const { before } = await inFrontOf((stream) =>
      answerMessage(stream, new Uint8Array(), { "ratelimit-remaining": "7", server: "secret" }),
    );
    const answer = await fetch(`${before.url}/users/1`, { headers: TOKEN });
    expect([answer.headers.get("ratelimit-remaining"), answer.headers.get("server")]).toEqual(["7", null]);
  });
});

describe("a service that", () => {
  test("is not there is 503, in words that name no address", async () => {
    const { before, upstream } = await inFrontOf(() => undefined);
    await upstream.stop();
    own.splice(own.indexOf(upstream), 1);
    const answer = await fetch(`${before.url}/users/1`, { headers: TOKEN });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.text()).not.toContain("127.0.0.1");
  });

  test("does not answer is 504 at the caller's deadline, and learns that nobody waits", async () => {
    const gone = Promise.withResolvers<void>();
    const { before } = await inFrontOf((stream) => stream.once("close", () => gone.resolve()));
    const answer = await fetch(`${before.url}/users/1`, { headers: { ...TOKEN, "connect-timeout-ms": "2000" } });
    expect([answer.status, ((await answer.json()) as { code: number }).code]).toEqual([504, 4]);
    await gone.promise;
  });

  test("dies in the middle of a call is 503", async () => {
    const { before } = await inFrontOf((stream) => stream.session?.destroy());
    expect((await fetch(`${before.url}/users/1`, { headers: TOKEN })).status).toBe(503);
  });

  test("is no service of ours is 500 or 503, without its words", async () => {
    const { before } = await inFrontOf((stream) => {
      stream.respond({ ":status": 404, "content-type": "text/html" });
      stream.end("<h1>secret</h1>");
    });
    const answer = await fetch(`${before.url}/users/1`, { headers: TOKEN });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(await answer.text()).not.toContain("secret");
  });

  test("is called for somebody who leaves is told so", async () => {
    const [arrived, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { before } = await inFrontOf((stream) => {
      stream.once("close", () => gone.resolve());
      arrived.resolve();
    });
    const leaving = new AbortController();
    const answer = fetch(`${before.url}/users/1`, { headers: TOKEN, signal: leaving.signal }).catch(() => "left");
    await arrived.promise;
    leaving.abort();
    expect(await answer).toBe("left");
    await gone.promise;
  });
});

describe("whoever stops in the middle of a body", () => {
  const half =
    "POST /users HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a.b.YQ\r\ncontent-type: application/json\r\nconnect-timeout-ms: 300\r\ncontent-length: 9\r\n\r\n{";

  test("is told so at the deadline of the call", async () => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    socket.write(half);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1.1 504 /);
    socket.destroy();
  });

  test("and leaves does not hold the end of the gateway up", async () => {
    const { before } = await inFrontOf(() => undefined);
    const socket = connect(Number(new URL(before.url).port), "127.0.0.1");
    socket.write(half.replace("300", "60000"));
    // Answered after the head of the other has been read.
    await before.call("GET", "/nothing");
    socket.destroy();
    const begun = performance.now();
    await before.stop();
    expect(performance.now() - begun).toBeLessThan(DRAIN_GRACE_MS);
  });
});

test("at its end the gateway says so, finishes what is under way and takes nothing new", async () => {
  const [arrived, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { before } = await inFrontOf((stream) => {
    arrived.resolve();
    void release.promise.then(() => answerMessage(stream));
  });
  expect((await fetch(`${before.url}/healthz`)).status).toBe(200);
  const underWay = fetch(`${before.url}/users/1`, { headers: TOKEN });
  await arrived.promise;
  const stopped = before.stop();
  expect((await fetch(`${before.url}/healthz`)).status).toBe(503);
  release.resolve();
  expect((await underWay).status).toBe(200);
  await stopped;
  await expect(fetch(`${before.url}/healthz`)).rejects.toThrow("fetch failed");
});
