import { expect, test } from "vitest";
import { asciiDomain } from "./email-domain.ts";

test.each([
  ["Example.ORG", "example.org"],
  ["mail.example.org", "mail.example.org"],
  ["a-b.example.org", "a-b.example.org"],
  ["faß.example", "xn--fa-hia.example"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["192.168.example.org", "192.168.example.org"],
  [`${"a".repeat(63)}.example`, `${"a".repeat(63)}.example`],
])("%s is a domain", (domain, ascii) => {
  expect(asciiDomain(domain)).toBe(ascii);
});

test.each([
  ["nothing", ""],
  ["one label", "localhost"],
  ["a dot at the end", "example.org."],
  ["an empty label", "example..org"],
  ["an empty label of ideographic dots", "example。。org"],
  ["the address of a machine", "127.0.0.1"],
  ["the same, shorter", "127.1"],
  ["the same, as hexadecimal numbers", "0x7f.0x1"],
  ["the same, of version 6", "[::1]"],
  ["a number at the end", "example.42"],
  ["a port", "example.org:25"],
  ["a path", "example.org/path"],
  ["a query", "example.org?a"],
  ["an escape", "ex%61mple.org"],
  ["a user", "somebody@example.org"],
  ["a blank", "exam ple.org"],
  ["a hyphen at the start of a label", "-a.example"],
  ["a hyphen at the end of a label", "a-.example"],
  ["punctuation", "a!b.example"],
  ["a label of 64 characters", `${"a".repeat(64)}.example`],
  ["254 characters", `${"a.".repeat(123)}examples`],
])("%s is none", (_what, domain) => {
  expect(asciiDomain(domain)).toBeUndefined();
});
