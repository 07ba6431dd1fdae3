/** The transcoder against the rules in the comments of google/api/http.proto, on a contract that uses every one of them. */

import { create, type JsonValue } from "@bufbuild/protobuf";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { answerOf } from "../../services/gateway/answers/answer.ts";
import { gatewayServer } from "../../services/gateway/http/server.ts";
import { type Backends, openBackends } from "../../services/gateway/upstream/backends.ts";
import { openEndings } from "../../services/gateway/upstream/ending.ts";
import { OpenCalls } from "../../shared/rpc/call/open-calls.ts";
import { CONNECTIONS_MAX, TIMEOUT_CHECK_INTERVAL_MS } from "../../shared/rpc/wire/limits.ts";
import { contract, table, transcoded } from "./transcoded.ts";
import { answerMessage, startUpstream } from "./upstream.ts";

describe("the examples of the comments", () => {
  test.each<[string, string, JsonValue | undefined, string, JsonValue]>([
    ["GET", "/v1/messages/123456", undefined, "GetByName", { name: "messages/123456" }],
    [
      "GET",
      "/v1/messages/123456/text?revision=2&sub.subfield=foo",
      undefined,
      "GetMessage",
      { messageId: "123456", revision: "2", sub: { subfield: "foo" } },
    ],
    [
      "PATCH",
      "/v1/messages/123456",
      { subfield: "Hi!" },
      "UpdateMessage",
      { messageId: "123456", sub: { subfield: "Hi!" } },
    ],
    ["PUT", "/v1/messages/123456", { name: "Hi!" }, "ReplaceMessage", { messageId: "123456", name: "Hi!" }],
    ["GET", "/v1/users/me/messages/123456", undefined, "GetMessage", { messageId: "123456", sub: { userId: "me" } }],
  ])("%s %s", (httpMethod, url, body, method, message) => {
    expect(transcoded(httpMethod, url, body)).toEqual([method, message]);
  });
});

describe("the path", () => {
  test.each<[what: string, httpMethod: string, path: string, JsonValue]>([
    ["one segment is decoded", "GET", "/v1/messages/a%2Fb%20%C3%A9/text", ["GetMessage", { messageId: "a/b é" }]],
    [
      "many segments are, but for the slash",
      "POST",
      "/v1/folders/a%2Fb/%C3%A9%2fc:archive",
      ["ArchiveMessages", { name: "folders/a%2Fb/é%2fc" }],
    ],
    ["** takes many segments", "POST", "/v1/folders/a/b/c:archive", ["ArchiveMessages", { name: "folders/a/b/c" }]],
    ["** takes none", "POST", "/v1/folders:archive", ["ArchiveMessages", { name: "folders" }]],
    ["** outside of a variable is thrown away", "GET", "/v1/newest/x/y", ["GetMessage", {}]],
    ["* takes one segment, not two", "GET", "/v1/messages/a/b", "nothing"],
    ["and not an empty one", "GET", "/v1/messages/", "nothing"],
    ["a literal may be encoded", "GET", "/v1/m%65ssages/1/text", ["GetMessage", { messageId: "1" }]],
    ["a literal is preferred to a variable", "GET", "/v1/messages/inbox", ["GetInbox", {}]],
    ["a verb ends the path", "POST", "/v1/messages/1:touch", ["TouchMessage", { messageId: "1" }]],
    ["also behind an encoded colon", "POST", "/v1/messages/1%3Atouch", ["TouchMessage", { messageId: "1" }]],
    ["in small letters too", "POST", "/v1/messages/a%3Ab%3atouch", ["TouchMessage", { messageId: "a:b" }]],
    [
      "an encoded colon before anything else is part of the value",
      "GET",
      "/v1/messages/1%3Ax",
      ["GetByName", { name: "messages/1:x" }],
    ],
    [
      "what no rule has as its verb is part of the value",
      "GET",
      "/v1/messages/1:x",
      ["GetByName", { name: "messages/1:x" }],
    ],
    ["a verb needs its own rule", "GET", "/v1/messages/1:touch", { allowed: ["POST"] }],
    ["a custom HTTP method", "PURGE", "/v1/messages", ["PurgeMessages", {}]],
    ["such as HEAD", "HEAD", "/v1/messages", ["PeekMessages", {}]],
    ["any HTTP method", "DELETE", "/v1/any", ["PurgeMessages", {}]],
    ["another HTTP method", "DELETE", "/v1/messages/1", { allowed: ["GET", "HEAD", "PATCH", "PUT"] }],
    ["a path of nobody", "GET", "/v2/messages/1", "nothing"],
    ["bytes that are not UTF-8", "GET", "/v1/messages/%ff", "malformed"],
  ])("%s", (_what, httpMethod, path, expected) => {
    expect(transcoded(httpMethod, path)).toEqual(expected);
  });
});

describe("the body", () => {
  test.each<[what: string, httpMethod: string, url: string, body: unknown, expected: unknown]>([
    ["with * there are no query parameters", "PUT", "/v1/messages/1?name=x", {}, { wrong: ["name"] }],
    ["with * it must not repeat the path", "PUT", "/v1/messages/1", { messageId: "2" }, { wrong: ["message_id"] }],
    [
      "with a field, the others are query parameters",
      "PATCH",
      "/v1/messages/1?name=x",
      { userId: "u" },
      ["UpdateMessage", { messageId: "1", name: "x", sub: { userId: "u" } }],
    ],
    ["and the field itself is none", "PATCH", "/v1/messages/1?sub.user_id=x", {}, { wrong: ["sub.user_id"] }],
    ["a rule without a body takes none", "POST", "/v1/messages/1:touch", {}, { refused: "this method takes no body" }],
    ["no bytes are an empty message", "PUT", "/v1/messages/1", undefined, ["ReplaceMessage", { messageId: "1" }]],
    ["an unknown field is refused", "PUT", "/v1/messages/1", { nonsense: 1 }, { wrong: ["nonsense"] }],
    [
      "every bad field is named",
      "PUT",
      "/v1/messages/1",
      { limit: "x", color: "GREEN", tags: "a" },
      { wrong: ["limit", "color", "tags"] },
    ],
    [
      "null in it is as good as nothing",
      "PUT",
      "/v1/messages/1",
      { messageId: null, limit: null, tags: null },
      ["ReplaceMessage", { messageId: "1" }],
    ],
    [
      "as is an empty text in the path's place",
      "PUT",
      "/v1/messages/1",
      { message_id: "" },
      ["ReplaceMessage", { messageId: "1" }],
    ],
    ["null is no message", "PUT", "/v1/messages/1", null, { refused: "the body must be a JSON object" }],
    ["but a field that is unset", "PATCH", "/v1/messages/1", null, ["UpdateMessage", { messageId: "1" }]],
    ["a list is not a message", "PUT", "/v1/messages/1", [], { refused: "the body must be a JSON object" }],
    ["text is not JSON", "PUT", "/v1/messages/1", "{", { refused: "the body is not JSON" }],
    [
      "one name twice",
      "PUT",
      "/v1/messages/1",
      '{"name":"a","name":"b"}',
      { refused: "the body names a field twice, or is nested too deep" },
    ],
    [
      "a thousand levels",
      "PUT",
      "/v1/messages/1",
      `${"[".repeat(1000)}${"]".repeat(1000)}`,
      { refused: "the body names a field twice, or is nested too deep" },
    ],
    [
      "a name of the prototype is a name",
      "PUT",
      "/v1/messages/1",
      '{"__proto__":{"name":"x"}}',
      { wrong: ["__proto__"] },
    ],
  ])("%s", (_what, httpMethod, url, body, expected) => {
    expect(transcoded(httpMethod, url, body)).toEqual(expected);
  });
});

describe("the answer", () => {
  function answered(httpMethod: string, path: string, reply: Record<string, unknown>): unknown {
    const found = table.find(httpMethod, path);
    if (typeof found === "string" || "allowed" in found) throw new Error(`${path} leads nowhere`);
    const { output } = found.binding.method;
    return answerOf(found.binding, create(output, reply), contract.types).body;
  }

  test.each<[what: string, httpMethod: string, path: string, reply: Record<string, unknown>, expected: JsonValue]>([
    ["is the message", "GET", "/v1/messages/1", { subs: [{ userId: "u" }] }, { subs: [{ userId: "u" }] }],
    ["or its one field", "PATCH", "/v1/messages/1", { sub: { userId: "u" } }, { userId: "u" }],
    ["which may be unset", "PATCH", "/v1/messages/1", {}, null],
    ["or a list", "GET", "/v1/subs", { subs: [{ userId: "u" }, {}] }, [{ userId: "u" }, {}]],
    ["which may be empty", "GET", "/v1/subs", {}, []],
  ])("%s", (_what, httpMethod, path, reply, expected) => {
    expect(answered(httpMethod, path, reply)).toEqual(expected);
  });
});

describe("over HTTP", () => {
  function serverBefore(backends: Backends): FastifyInstance {
    const log = pino({ level: "silent" });
    const logs = new Map(contract.methods.map((method) => [method, log]));
    const [calls, endingOf] = [new OpenCalls(), openEndings(log)];
    return gatewayServer(
      { contract, table, backends, endingOf, calls, logs, log, tellsWhy: false, corsOrigins: [] },
      undefined,
    );
  }

  test("every HTTP method that a rule has is answered", async () => {
    const called: (string | undefined)[] = [];
    const upstream = await startUpstream((stream, headers) => {
      called.push(headers[":path"]);
      answerMessage(stream);
    });
    const urls = { "transcoding.v1": upstream.connectUrl };
    const backends = openBackends(contract, urls, { tls: {}, streamsMax: 1 });
    const app = serverBefore(backends);
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    for (const [httpMethod, path, method] of [
      ["PURGE", "/v1/messages", "PurgeMessages"],
      ["HEAD", "/v1/messages", "PeekMessages"],
      ["HEAD", "/v1/messages/1", "GetByName"],
      ["PROPFIND", "/v1/any", "PurgeMessages"],
      ["OPTIONS", "/v1/any", "PurgeMessages"],
      ["GET", "/v1/any", "PurgeMessages"],
    ] as const) {
      expect(
        (await fetch(url + path, { method: httpMethod, headers: { authorization: "Bearer a.b.YQ" } })).status,
      ).toBe(200);
      expect(called.pop()).toBe(`/transcoding.v1.Messaging/${method}`);
    }
    const refused = await fetch(`${url}/v1/messages`, { method: "PROPFIND" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "HEAD, PURGE"]);
    await app.close();
    backends.close();
    await upstream.stop();
  });

  test("connections have the limits that those of the services have", () => {
    const nobody = openBackends(contract, { "transcoding.v1": "http://127.0.0.1:1" }, { tls: {}, streamsMax: 1 });
    expect(serverBefore(nobody).server).toMatchObject({
      maxConnections: CONNECTIONS_MAX,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
    });
  });
});
