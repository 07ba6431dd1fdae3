/** The gateway as an HTTP server: what it refuses, and in which form. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerTo, FORM_OF_A_TOKEN } from "./by-hand.ts";
import { fieldsIn, type GatewayUnderTest, reasonIn, startGatewayOf } from "./started.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { createHost } from "../support/people.ts";

let pair: Pair;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

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
    const headers = { ...(status === 401 ? {} : FORM_OF_A_TOKEN), ...(init.headers as Record<string, string>) };
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
    const text = await answerTo(gateway, head);
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
  expect(await answerTo(gateway, `${line}\r\nhost: a\r\nconnection: close\r\n\r\n`)).toMatch(expected);
});

test("HEAD is GET without its body, except of a stream", async () => {
  const { headers, body } = await gateway.call("GET", `/users/${await createHost(pair.clients)}`);
  const head = await gateway.call("HEAD", `/users/${body["user"]!["id"]}`);
  expect([head.status, head.headers.get("content-length")]).toEqual([200, headers.get("content-length")]);
  expect(head.body).toBe("");
  expect((await gateway.call("HEAD", "/bookings:watch")).status).toBe(405);
});
