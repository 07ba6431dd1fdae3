/** Path templates, by the grammar in the comments of google/api/http.proto. */

import { describe, expect, test } from "vitest";
import { httpRuleOf } from "../../services/gateway/contract/contract.ts";
import { bindingsOf } from "../../services/gateway/transcoding/binding.ts";
import { parseTemplate } from "../../services/gateway/transcoding/template.ts";
import { contract } from "./transcoded.ts";

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
