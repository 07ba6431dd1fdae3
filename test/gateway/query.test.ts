/** Query parameters, by the rules in the comments of google/api/http.proto. */

import type { JsonValue } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { fieldsFromQuery } from "../../services/gateway/transcoding/query.ts";
import { VIOLATIONS_MAX } from "../../shared/limits.ts";
import { table, transcoded } from "./transcoded.ts";

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

test("wrong query parameters are looked for no longer than an answer has room for them", () => {
  const found = table.find("GET", "/v1/messages/1/text");
  if (typeof found === "string" || "allowed" in found) throw new Error("there is no such path");
  const names = Array.from({ length: 3_900 }, (_, index) => `q${index}`);
  const { violations } = fieldsFromQuery(found.binding, names.join("&"));
  expect(violations.map(({ field }) => field)).toEqual(names.slice(0, VIOLATIONS_MAX));
});
