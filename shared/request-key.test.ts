import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isSameRequest, type RequestKey, requestKey } from "./request-key.ts";

const ID = "0190a000-0000-7000-8000-000000000001";
const asked = ["host", 1, undefined];

type Added = Parameters<typeof requestKey>[3];

function keyOf(added?: Added, content: Parameters<typeof requestKey>[2] = asked): RequestKey {
  return requestKey("CreateBooking", ID, content, added)!;
}

test("a call without a request_id has no key", () => {
  expect(requestKey("CreateBooking", undefined, asked)).toBeUndefined();
});

test("the key holds the id, the method, and the SHA-256 of the content as JSON", () => {
  expect(keyOf()).toEqual({ id: ID, method: "CreateBooking", contentHash: hash("sha256", '["host",1,null]', "hex") });
});

test("what was left out is not taken for what follows it", () => {
  expect(isSameRequest(keyOf({}, [undefined, "a"]), keyOf({}, ["a", undefined]))).toBe(false);
});

describe("fields that came later", () => {
  test.each<[string, Added]>([
    ["there are none", {}],
    ["undefined", { note: undefined }],
    ["an empty text", { note: "" }],
    ["false", { ignoresNotice: false }],
    ["0", { count: 0 }],
    ["an empty map", { labels: {} }],
  ])("change nothing where they are not set: %s", (_what, added) => {
    expect(keyOf(added)).toEqual(keyOf());
  });

  test.each<[string, Added]>([
    ["a text", { note: "n" }],
    ["true", { ignoresNotice: true }],
    ["a number", { count: 1 }],
    ["a map", { labels: { a: "1" } }],
    ["a map with an empty text", { labels: { a: "" } }],
  ])("make another request where they are set: %s", (_what, added) => {
    expect(isSameRequest(keyOf(added), keyOf())).toBe(false);
    expect(isSameRequest(keyOf(added), keyOf({ ...added }))).toBe(true);
  });

  test("are told apart by their names, and by what is in a map", () => {
    const keys = [
      keyOf({ note: "n" }),
      keyOf({ externalId: "n" }),
      keyOf({ labels: { note: "n" } }),
      keyOf({ labels: { note: "m" } }),
      keyOf({ labels: { note: "n", externalId: "n" } }),
      keyOf({ note: "n", externalId: "n" }),
    ];
    expect(new Set(keys.map(({ contentHash }) => contentHash)).size).toBe(keys.length);
  });

  test("are the same in any order, and so are the entries of a map", () => {
    expect(keyOf({ note: "n", labels: { a: "1", b: "2" } })).toEqual(keyOf({ labels: { b: "2", a: "1" }, note: "n" }));
  });
});
