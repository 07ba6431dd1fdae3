import { once } from "node:events";
import { Agent } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp } from "node:net";
import { Code, createClient } from "@connectrpc/connect";
import { createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { UserService } from "../../shared/gen/availability/v1/user_service_pb.ts";
import { failure, http2Call, invalidUtf8, timeLeft } from "./calls.ts";
import { DEAF, startWireService, until, type WireService } from "./service.ts";

const USER = { email: "ada@example.org", displayName: "Ada", role: Role.HOST };
const GET_USER = "/availability.v1.UserService/GetUser";
const LIST_USERS = "/availability.v1.UserService/ListUsers";
const CREATE_USER = "/availability.v1.UserService/CreateUser";

let service: WireService;

beforeAll(async () => {
  service = await startWireService();
});

afterAll(async () => {
  await service.stop();
});

describe("Connect over plain HTTP", () => {
  const json = { "content-type": "application/json" };

  test.each([
    ["an unknown field", '{"userId":"x","holdSecond":1}', ["holdSecond"]],
    ["two bad fields", '{"userId":1,"user":2}', ["userId", "user"]],
    ["a list", "[]", [""]],
  ])("%s in JSON is refused by name", async (_what, body, fields) => {
    const answer = await post(GET_USER, json, body);
    expect(answer.status).toBe(400);
    expect(await violations(answer)).toEqual(fields);
    const asGet = await fetch(`${service.connectUrl}${GET_USER}?encoding=json&message=${encodeURIComponent(body)}`);
    expect(asGet.status).toBe(400);
    expect(await violations(asGet)).toEqual(fields);
  });

  test.each([
    ["broken JSON", json, '{"userId":', 400, "invalid_argument"],
    ["JSON that is not UTF-8", json, Buffer.from('{"userId":"\u00FF"}', "latin1"), 400, "invalid_argument"],
    ["a field twice", json, '{"userId":"a","userId":"b"}', 400, "invalid_argument"],
    [
      "no message at all",
      { "content-type": "application/proto" },
      Buffer.from("ffffff", "hex"),
      400,
      "invalid_argument",
    ],
    [
      "a length that lies",
      { "content-type": "application/proto" },
      Buffer.from("0a7f61", "hex"),
      400,
      "invalid_argument",
    ],
    ["gzip that is none", { ...json, "content-encoding": "gzip" }, "abc", 400, "invalid_argument"],
    ["an unknown encoding", { ...json, "content-encoding": "zip" }, "abc", 501, "unimplemented"],
  ])("%s answers %s", async (_what, headers, body, httpStatus, code) => {
    const before = service.lines.length;
    const answer = await post(GET_USER, headers, body);
    expect(answer.status).toBe(httpStatus);
    expect(await answer.json()).toMatchObject({ code });
    expect(service.lines.slice(before).map((line) => line["code"])).toEqual([code.toUpperCase()]);
  });

  test("invalid UTF-8 in a binary message names its field", async () => {
    const answer = await post(CREATE_USER, { "content-type": "application/proto" }, invalidUtf8());
    expect(answer.status).toBe(400);
    expect(await violations(answer)).toEqual(["email", "display_name", "role"]);
  });

  test("a wrong content type is 415, an unknown path 404, a wrong verb 405", async () => {
    expect((await post(GET_USER, { "content-type": "text/plain" }, "{}")).status).toBe(415);
    const unknown = await post("/availability.v1.UserService/DropUser", json, "{}");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ code: "unimplemented" });
    expect((await fetch(`${service.connectUrl}${CREATE_USER}`)).status).toBe(405);
  });

  test.each(["-1", "soon", "1.5", "99999999999"])("the timeout %j is INVALID_ARGUMENT", async (timeout) => {
    const answer = await post(LIST_USERS, { ...json, "connect-timeout-ms": timeout }, "{}");
    expect(answer.status).toBe(400);
  });

  test.each([
    ["9999999999", 3_600_000],
    ["3000", 3_000],
    [undefined, 10_000],
  ])("the timeout %s leaves a call about %d ms", async (timeout, expectedMs) => {
    const headers = timeout === undefined ? json : { ...json, "connect-timeout-ms": timeout };
    expect((await post(LIST_USERS, headers, "{}")).status).toBe(200);
    expect(timeLeft(service)).toBeGreaterThan(expectedMs - 1_000);
    expect(timeLeft(service)).toBeLessThan(expectedMs + 1);
  });

  test("a deadline is kept for a client that keeps no time itself", async () => {
    const answer = await post(GET_USER, { ...json, "connect-timeout-ms": "50" }, JSON.stringify({ userId: DEAF }));
    expect(answer.status).toBe(504);
    expect(await answer.json()).toMatchObject({ code: "deadline_exceeded" });
    expect(service.lines.at(-1)).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("a malformed Host is 400 over HTTP/1.1, and the service lives on", async () => {
    const request = `POST ${LIST_USERS} HTTP/1.1\r\nHost: a b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await rawHttp1(request)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await post(LIST_USERS, json, "{}")).status).toBe(200);
  });

  test.each([
    ["an empty Host header", "HTTP/1.1\r\nHost:\r\n"],
    ["no Host header, which HTTP/1.0 need not have", "HTTP/1.0\r\n"],
  ])("%s is 400", async (_what, start) => {
    const request = `POST ${LIST_USERS} ${start}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await rawHttp1(request)).toMatch(/^HTTP\/1\.1 400 [^]*malformed/);
  });

  test("two Host headers are 400", async () => {
    const request = `POST ${LIST_USERS} HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await rawHttp1(request)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("a body in another charset than UTF-8 is 415", async () => {
    const answer = await post(LIST_USERS, { "content-type": "application/json; charset=utf-16" }, "{}");
    expect(answer.status).toBe(415);
  });

  test("a malformed :authority is 400 over HTTP/2", async () => {
    const { headers } = await http2Call(
      service.connectUrl,
      {
        ":method": "POST",
        ":path": LIST_USERS,
        ":authority": "a:b:c",
        "content-type": "application/json",
      },
      Buffer.from("{}"),
    );
    expect(headers[":status"]).toBe(400);
  });

  test("over HTTP/2 a client that waits for 100-continue is told to go on", async () => {
    const session = connectHttp2(service.connectUrl);
    const headers = { ":method": "POST", ":path": LIST_USERS, "content-type": "application/json" };
    const stream = session.request({ ...headers, expect: "100-continue" });
    const answered = once(stream, "response") as Promise<[Record<string, unknown>]>;
    await once(stream, "continue");
    stream.end("{}");
    expect((await answered)[0][":status"]).toBe(200);
    session.destroy();
  });

  test("a body that is refused for its size does not block its connection", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const nodeOptions = { agent };
    const [http1, http2] = [
      createGrpcWebTransport({ baseUrl: service.connectUrl, httpVersion: "1.1", nodeOptions }),
      createGrpcWebTransport({ baseUrl: service.connectUrl, httpVersion: "2" }),
    ].map((transport) => createClient(UserService, transport));
    for (const client of [http1, http2, http1, http2]) {
      const tooLarge = { ...USER, displayName: "x".repeat(1024 * 1024) };
      expect((await failure(client?.createUser(tooLarge, { timeoutMs: 20_000 }) ?? Promise.resolve())).code).toBe(
        Code.ResourceExhausted,
      );
      expect(await client?.createUser(USER, { timeoutMs: 20_000 })).toMatchObject({ user: USER });
    }
    agent.destroy();
  });

  test("a request in pieces, byte by byte, is understood", async () => {
    const request = `POST ${LIST_USERS} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await rawHttp1(request, 1)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("headers of 32 KiB are refused on both versions", async () => {
    const long = "x".repeat(32 * 1024);
    const request = `POST ${LIST_USERS} HTTP/1.1\r\nHost: h\r\nX-Long: ${long}\r\n\r\n`;
    expect(await rawHttp1(request)).toMatch(/^HTTP\/1\.1 431 /);
    const call = http2Call(
      service.connectUrl,
      { ":method": "POST", ":path": LIST_USERS, "x-long": long },
      Buffer.from("{}"),
    );
    await expect(call).rejects.toThrow(/NGHTTP2|reset/);
  });
});

test("a call writes one line, with neither the body nor an e-mail address in it", async () => {
  const before = service.lines.length;
  await createClient(UserService, createGrpcTransport({ baseUrl: service.grpcUrl })).createUser(USER);
  await until(() => service.lines.length > before);
  const lines = service.lines.slice(before);
  expect(lines).toMatchObject([{ method: "availability.v1.UserService/CreateUser", code: "OK", transport: "grpc" }]);
  expect(lines[0]?.["duration_ms"]).toBeTypeOf("number");
  expect(JSON.stringify(lines)).not.toContain("example.org");
});

interface JsonError {
  readonly details?: readonly {
    readonly debug?: { readonly fieldViolations?: readonly { readonly field?: string }[] };
  }[];
}

async function violations(answer: Response): Promise<string[]> {
  const { details } = (await answer.json()) as JsonError;
  return (details ?? []).flatMap(({ debug }) => debug?.fieldViolations?.map(({ field }) => field ?? "") ?? []);
}

function post(
  path: string,
  headers: Record<string, string>,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<Response> {
  return fetch(service.connectUrl + path, { method: "POST", headers, body });
}

/** What the server says to these bytes, sent `pieceBytes` at a time, until it has said its first lines. */
function rawHttp1(request: string, pieceBytes = request.length): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(service.connectPort, "127.0.0.1");
    socket.setNoDelay();
    socket.on("error", reject);
    socket.on("data", (answer) => {
      resolve(answer.toString());
      socket.destroy();
    });
    const send = (from: number): void => {
      if (from < request.length) socket.write(request.slice(from, from + pieceBytes), () => send(from + pieceBytes));
    };
    send(0);
  });
}
