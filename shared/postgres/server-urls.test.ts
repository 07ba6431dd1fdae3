import { describe, expect, test } from "vitest";
import { isDatabaseUrl, serverUrls } from "./server-urls.ts";

describe("the servers that a URL names", () => {
  test.each([
    ["postgres://u:p@a:1/d", ["postgres://u:p@a:1/d"]],
    ["postgres://u:p,q@a:1/d", ["postgres://u:p,q@a:1/d"]],
    [
      "postgres://u:p@a,b:2/d?sslmode=require",
      ["postgres://u:p@a/d?sslmode=require", "postgres://u:p@b:2/d?sslmode=require"],
    ],
    ["postgresql://[::1]:1,[::2]:2,c/d", ["postgresql://[::1]:1/d", "postgresql://[::2]:2/d", "postgresql://c/d"]],
    ["postgres:///d?host=/run/a,b", ["postgres:///d?host=/run/a,b"]],
  ])("%s", (url, urls) => {
    expect(serverUrls(url)).toEqual(urls);
  });
});

test.each([
  ["postgres://u:p@a:1/d", true],
  ["postgres://u:p@a:1,b:2/d", true],
  ["postgres://u:p@a:1,b:2/d?target_session_attrs=read-write", true],
  ["postgres://u:p@a:1/d?target_session_attrs=primary", true],
  ["postgres://u:p@a:1,b:2/d?target_session_attrs=any", false],
  ["postgres://u:p@a:1/d?target_session_attrs=prefer-standby", false],
  ["postgres://u:p@a:1,b:x/d", false],
  ["postgres://u:p@a:1,/d", false],
  ["http://a:1/d", false],
  ["http://a:1,b:2/d", false],
  ["a database", false],
])("%s is one that a service takes: %s", (url, isOne) => {
  expect(isDatabaseUrl(url)).toBe(isOne);
});
