/** The transcoder against the rules in the comments of google/api/http.proto, on a contract that uses every one of them. */

import { create, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { answerOf } from "../../services/gateway/answers/answer.ts";
import { httpRuleOf } from "../../services/gateway/contract/contract.ts";
import { gatewayServer } from "../../services/gateway/http/server.ts";
import { bindingsOf } from "../../services/gateway/transcoding/binding.ts";
import { fieldsFromQuery } from "../../services/gateway/transcoding/query.ts";
import { requestMessage } from "../../services/gateway/transcoding/request.ts";
import { routeTable } from "../../services/gateway/transcoding/table.ts";
import { parseTemplate } from "../../services/gateway/transcoding/template.ts";
import { type Backends, openBackends } from "../../services/gateway/upstream/backends.ts";
import { openEndings } from "../../services/gateway/upstream/ending.ts";
import { Refusal } from "../../shared/errors.ts";
import { VIOLATIONS_MAX } from "../../shared/limits.ts";
import { StatusError } from "../../shared/status-error.ts";
import { OpenCalls } from "../../shared/rpc/call/open-calls.ts";
import { CONNECTIONS_MAX, TIMEOUT_CHECK_INTERVAL_MS } from "../../shared/rpc/wire/limits.ts";
import { transcodingContract } from "./contract.ts";
import { answerMessage, startUpstream } from "./upstream.ts";

const contract = transcodingContract();
const table = routeTable(contract.methods.flatMap((method) => bindingsOf(method, httpRuleOf(method))));

/** The RPC that a request becomes, and its message; or what is told to the caller. */
function transcoded(httpMethod: string, url: string, body?: unknown): unknown {
  const [path = "", query = ""] = url.split("?");
  const found = table.find(httpMethod, path);
  if (typeof found === "string" || "allowed" in found) return found;
  const { binding, texts } = found;
  const bytes = Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body));
  try {
    const message = requestMessage(binding, { texts, query, body: bytes, headers: {} }, () => []);
    return [binding.method.name, toJson(binding.method.input, message)];
  } catch (thrown) {
    if (thrown instanceof Refusal) return { wrong: thrown.details.fields?.map(({ field }) => field) };
    if (thrown instanceof StatusError) return { refused: thrown.message };
    throw thrown;
  }
}

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

describe("query parameters", () => {
  const sent = (query: string): unknown => transcoded("GET", `/v1/messages/1/text?${query}`);

  test.each<[query: string, JsonValue]>([
    ["tags=a&tags=b", { tags: ["a", "b"] }],
    ["tags=a", { tags: ["a"] }],
    ["color=COLOR_BLUE", { color: "COLOR_BLUE" }],
    ["color=2", { color: "COLOR_BLUE" }],
    ["colors=COLOR_RED&colors=2", { colors: ["COLOR_RED", "COLOR_BLUE"] }],
    ["colors=COLOR_RED,2&colors=COLOR_RED", { colors: ["COLOR_RED", "COLOR_BLUE", "COLOR_RED"] }],
    ["colors=COLOR_RED%2CCOLOR_BLUE", { colors: ["COLOR_RED", "COLOR_BLUE"] }],
    ["tags=a,b", { tags: ["a,b"] }],
    ["&&limit=0&", { limit: 0 }],
    ["is_draft=true&isDraft=", { wrong: ["is_draft"] }],
    ["is_draft=true", { isDraft: true }],
    ["isDraft=true", { isDraft: true }],
    ["weight=0.5", { weight: 0.5 }],
    ["digest=AQI%3D", { digest: "AQI=" }],
    ["revision=-9007199254740993", { revision: "-9007199254740993" }],
    ["limit=0", { limit: 0 }],
    ["sent_time=2027-01-01T00:00:00Z", { sentTime: "2027-01-01T00:00:00Z" }],
    ["delay=1.5s", { delay: "1.500s" }],
    ["is_read=false", { isRead: false }],
    ["sub.inner.subfield=x&sub.user_id=me", { sub: { userId: "me", inner: { subfield: "x" } } }],
    ["name=a+b%26c", { name: "a b&c" }],
    ["mask=name,sub.subfield", { mask: "name,sub.subfield" }],
    ["offset=-5", { offset: "-5" }],
    ["offset=0", { offset: "0" }],
    ["ratio=1.5e2", { ratio: 150 }],
    ["ratio=-Infinity", { ratio: "-Infinity" }],
    ["seal=AQI%3D", { seal: "AQI=" }],
    ["seal=_-8", { seal: "/+8=" }],
    ["note=5", { note: "5" }],
    ["pages=1&pages=-2", { pages: [1, -2] }],
    // An empty text is a text, and no bytes are bytes.
    ["name=&note=&tags=&digest=&seal=&mask=", { note: "", tags: [""], seal: "", mask: "" }],
    ["", {}],
  ])("%s", (query, expected) => {
    const outcome = Object.hasOwn(expected as object, "wrong")
      ? expected
      : ["GetMessage", { messageId: "1", ...(expected as object) }];
    expect(sent(query)).toEqual(outcome);
  });

  test.each(["=x", "name=a&=", "=&nonsense=1"])("a parameter without a name is told so: %s", (query) => {
    expect(sent(query)).toEqual({ refused: "the query has a parameter without a name" });
  });

  test.each([
    ["half a list of enum values", "colors=COLOR_RED,", ["colors"]],
    ["a list that has one of no list's", "color=COLOR_RED,COLOR_BLUE", ["color"]],
    ["a field that there is not", "nonsense=1&sub.nonsense=1&name.x=1", ["nonsense", "sub.nonsense", "name.x"]],
    ["a message", "sub=x", ["sub"]],
    ["repeated messages", "subs.subfield=x", ["subs.subfield"]],
    ["a map", "labels.x=y", ["labels.x"]],
    ["one field twice", "name=a&name=b", ["name"]],
    ["a field that is in the path", "message_id=2", ["message_id"]],
    [
      "what is not of the field's type",
      "limit=x&is_draft=yes&color=GREEN&revision=1.5",
      ["limit", "is_draft", "color", "revision"],
    ],
    [
      "an empty text where there is no empty value",
      "limit=&revision=&weight=&is_draft=&color=&sent_time=&delay=&is_read=&offset=&ratio=&pages=",
      ["limit", "revision", "weight", "is_draft", "color", "sent_time", "delay", "is_read", "offset", "ratio", "pages"],
    ],
    [
      "a number as only JavaScript reads it",
      "limit=0x10&revision=%205&weight=1_0&offset=0b1&ratio=.5&pages=1&pages=0x2",
      ["limit", "revision", "weight", "offset", "ratio", "pages"],
    ],
    ["a wrapper's value of another type", "offset=1.5&seal=%25&is_read=1", ["offset", "seal", "is_read"]],
    ["a part of a wrapper", "note.value=x&mask.paths=name", ["note.value", "mask.paths"]],
    ["an offset, and a day that does not exist", "sent_time=2027-02-30T00:00:00Z", ["sent_time"]],
    ["an offset", "sent_time=2027-02-01T00:00:00%2B02:00", ["sent_time"]],
  ])("%s is refused by name", (_what, query, wrong) => {
    expect(sent(query)).toEqual({ wrong });
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
    return gatewayServer({ contract, table, backends, endingOf, calls, logs, log, corsOrigins: [] }, undefined);
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

test("wrong query parameters are looked for no longer than an answer has room for them", () => {
  const found = table.find("GET", "/v1/messages/1/text");
  if (typeof found === "string" || "allowed" in found) throw new Error("there is no such path");
  const names = Array.from({ length: 3_900 }, (_, index) => `q${index}`);
  const { violations } = fieldsFromQuery(found.binding, names.join("&"));
  expect(violations.map(({ field }) => field)).toEqual(names.slice(0, VIOLATIONS_MAX));
});

describe("path templates", () => {
  test.each([
    ["/v1/{name=messages/*}:read", { segments: ["v1", "messages", "*"], fields: [["name", 1, 3]], verb: "read" }],
    [
      "/v1/{a.b}/x/{c=**}",
      {
        segments: ["v1", "*", "x", "**"],
        fields: [
          ["a.b", 1, 2],
          ["c", 3, 4],
        ],
        verb: undefined,
      },
    ],
    ["/v1/*", { segments: ["v1", "*"], fields: [], verb: undefined }],
  ])("%s is read as the grammar says", (text, { segments, fields, verb }) => {
    const template = parseTemplate(text);
    expect(template.segments.map((segment) => (typeof segment === "string" ? segment : segment.literal))).toEqual(
      segments,
    );
    expect(template.variables.map(({ fieldPath, first, end }) => [fieldPath.join("."), first, end])).toEqual(fields);
    expect(template.verb).toBe(verb);
  });

  test.each([
    "",
    "v1/users",
    "/",
    "/v1/",
    "/v1//x",
    "/v1/{}",
    "/v1/{a",
    "/v1/a}",
    "/v1/{a={b}}",
    "/v1/**/x",
    "/v1/{a=**}/x",
    "/v1/{a..b}",
    "/v1/x*",
    "/v1/{1a}",
    "/v1/a:b:c",
    "/v1/x:",
  ])("%j is not one", (text) => {
    expect(() => parseTemplate(text)).toThrow(/malformed/);
  });

  test.each([
    ["a field that there is not", { get: "/v1/{nonsense}" }],
    ["a repeated field in the path", { get: "/v1/{tags}" }],
    ["a message in the path", { get: "/v1/{sub}" }],
    ["a body that is no field", { get: "/v1/x", body: "nonsense" }],
  ])("a rule with %s is refused at start", (_what, rule) => {
    const method = contract.methods[0]!;
    const pattern = { case: "get", value: rule.get } as const;
    const http = { ...httpRuleOf(method), pattern, body: "body" in rule ? rule.body : "", additionalBindings: [] };
    expect(() => bindingsOf(method, http)).toThrow(method.name);
  });
});
