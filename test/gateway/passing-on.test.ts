/** What the gateway passes on, and how it behaves when a service, or whoever called, is away. */

import { once } from "node:events";
import { connect } from "node:net";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DRAIN_GRACE_MS } from "../../shared/rpc/wire/limits.ts";
import { answerTo, FORM_OF_A_TOKEN } from "./by-hand.ts";
import { startingInFront } from "./in-front-of.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";
import { answerMessage } from "./upstream.ts";
import { type Pair, startPair } from "../support/pair.ts";
import { admin, authorizationOf } from "../support/tokens.ts";

let pair: Pair;
let gateway: GatewayUnderTest;
const inFrontOf = startingInFront();

beforeAll(async () => {
  pair = await startPair();
  gateway = await startGatewayOf(pair);
});
afterAll(async () => {
  await gateway.stop();
  await pair.stop();
});

describe("what crosses the gateway", () => {
  test("is who calls, the trace, the name of the call and what is left of its time", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const { before } = await inFrontOf((stream, headers) => {
      seen.push(headers);
      answerMessage(stream);
    });
    const passed = {
      ...FORM_OF_A_TOKEN,
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
    await fetch(`${before.url}/users/1`, { headers: { ...FORM_OF_A_TOKEN, "x-request-id": "with spaces in it" } });
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
    await answerTo(before, `${head}authorization: Bearer a.b.YQ\r\nAuthorization: Bearer d.e.YQ\r\n\r\n`);
    expect(seen).toEqual([]);

    const { authorization } = await authorizationOf(admin);
    const twice = `authorization: ${authorization}\r\n`.repeat(2);
    expect(await answerTo(gateway, `${head}${twice}\r\n`)).toMatch(/^HTTP\/1.1 401 /);
  });

  test("back come the service's limits, and nothing else of its headers", async () => {
    const { before } = await inFrontOf((stream) =>
      answerMessage(stream, new Uint8Array(), { "ratelimit-remaining": "7", server: "secret" }),
    );
    const answer = await fetch(`${before.url}/users/1`, { headers: FORM_OF_A_TOKEN });
    expect([answer.headers.get("ratelimit-remaining"), answer.headers.get("server")]).toEqual(["7", null]);
  });
});

describe("a service that", () => {
  test("is not there is 503, in words that name no address", async () => {
    const { before, upstream } = await inFrontOf(() => undefined);
    await upstream.stop();
    const answer = await fetch(`${before.url}/users/1`, { headers: FORM_OF_A_TOKEN });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await answer.text()).not.toContain("127.0.0.1");
  });

  test("does not answer is 504 at the caller's deadline, and learns that nobody waits", async () => {
    const gone = Promise.withResolvers<void>();
    const { before } = await inFrontOf((stream) => stream.once("close", () => gone.resolve()));
    const answer = await fetch(`${before.url}/users/1`, {
      headers: { ...FORM_OF_A_TOKEN, "connect-timeout-ms": "2000" },
    });
    expect([answer.status, ((await answer.json()) as { code: number }).code]).toEqual([504, 4]);
    await gone.promise;
  });

  test("dies in the middle of a call is 503", async () => {
    const { before } = await inFrontOf((stream) => stream.session?.destroy());
    expect((await fetch(`${before.url}/users/1`, { headers: FORM_OF_A_TOKEN })).status).toBe(503);
  });

  test("is no service of ours is 500 or 503, without its words", async () => {
    const { before } = await inFrontOf((stream) => {
      stream.respond({ ":status": 404, "content-type": "text/html" });
      stream.end("<h1>secret</h1>");
    });
    const answer = await fetch(`${before.url}/users/1`, { headers: FORM_OF_A_TOKEN });
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
    const answer = fetch(`${before.url}/users/1`, { headers: FORM_OF_A_TOKEN, signal: leaving.signal }).catch(
      () => "left",
    );
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
  const answer = (stream: ServerHttp2Stream): void => {
    arrived.resolve();
    void release.promise.then(() => answerMessage(stream));
  };
  // Time enough to ask once more.
  const { before } = await inFrontOf(answer, { environment: { DRAIN_PAUSE_SECONDS: "3" } });
  expect((await fetch(`${before.url}/healthz`)).status).toBe(200);
  const underWay = fetch(`${before.url}/users/1`, { headers: FORM_OF_A_TOKEN });
  await arrived.promise;
  const stopped = before.stop();
  const asked = await fetch(`${before.url}/healthz`);
  expect([asked.status, asked.headers.get("connection")]).toEqual([503, "close"]);
  release.resolve();
  const answered = await underWay;
  expect([answered.status, answered.headers.get("connection")]).toEqual([200, "close"]);
  await stopped;
  await expect(fetch(`${before.url}/healthz`)).rejects.toThrow("fetch failed");
});
