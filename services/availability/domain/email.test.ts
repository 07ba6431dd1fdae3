import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { wrongEmail } from "../../../shared/rpc/request/rules.ts";
import { emailKey } from "./email.ts";

describe("are one address:", () => {
  test.each([
    ["letters in capitals", "Info@Example.org", "info@example.org"],
    ["capitals as a Turkish database would fold them", "INFO@example.org", "info@example.org"],
    ["a letter with an accent, in capitals", "JOSÉ@example.org", "josé@example.org"],
    ["an accent that is a character of its own", "jose\u0301@example.org", "jos\u00E9@example.org"],
    ["sharp s, small and capital, and ss", "stra\u00DFe@example.org", "STRA\u1E9EE@example.org"],
    ["sharp s and ss", "strasse@example.org", "stra\u00DFe@example.org"],
    ["a ligature and its letters", "o\uFB03ce@example.org", "office@example.org"],
    ["sigma at the end of a word and within", "\u03BD\u03AF\u03BA\u03BF\u03C2@example.org", "ΝΊΚΟΣ@example.org"],
    ["the Kelvin sign and k", "\u212A@example.org", "k@example.org"],
    ["an international domain in capitals", "a@BÜCHER.example", "a@bücher.example"],
    ["an international domain in ASCII", "a@xn--bcher-kva.example", "a@bücher.example"],
    ["a domain with an accent of its own", "a@bu\u0308cher.example", "a@bücher.example"],
    ["a domain in wide letters", "a@ｅｘａｍｐｌｅ.org", "a@example.org"],
    ["a domain with ideographic dots", "a@例え。テスト", "a@例え.テスト"],
  ])("%s", (_what, one, other) => {
    expect([wrongEmail(one), wrongEmail(other)]).toEqual([undefined, undefined]);
    expect(emailKey(one)).toBe(emailKey(other));
  });
});

describe("are two addresses:", () => {
  test.each([
    ["with a dot and without", "a.b@example.org", "ab@example.org"],
    ["with a tag and without", "a+tag@example.org", "a@example.org"],
    ["letters that only look alike", "\u0430@example.org", "a@example.org"],
    ["a wide letter before the @", "ａ@example.org", "a@example.org"],
    ["a letter with an accent and without", "josé@example.org", "jose@example.org"],
    ["a domain and another below it", "a@example.org", "a@mail.example.org"],
  ])("%s", (_what, one, other) => {
    expect([wrongEmail(one), wrongEmail(other)]).toEqual([undefined, undefined]);
    expect(emailKey(one)).not.toBe(emailKey(other));
  });
});

describe("whatever may be an address", () => {
  const addresses = fc
    .tuple(
      fc.string({ unit: "binary", minLength: 1, maxLength: 245 }),
      fc.constantFrom("example.org", "bücher.example", "例え.テスト"),
    )
    .map(([local, domain]) => `${local.replaceAll("@", "")}@${domain}`)
    .filter((email) => wrongEmail(email) === undefined);

  test("has a key that fits into an index, and is the key of itself", () => {
    fc.assert(
      fc.property(addresses, (email) => {
        const key = emailKey(email);
        expect(emailKey(key)).toBe(key);
        expect(Array.from(key).length).toBeLessThanOrEqual(1024);
        expect(Buffer.byteLength(key)).toBeLessThanOrEqual(2048);
      }),
    );
  });

  test("has the key of its spellings in capitals, in small letters, composed and taken apart", () => {
    fc.assert(
      fc.property(addresses, (email) => {
        const [local = "", domain = ""] = email.split("@");
        const spellings = [local.toUpperCase(), local.toLowerCase(), local.normalize("NFC"), local.normalize("NFD")];
        expect(new Set(spellings.map((each) => emailKey(`${each}@${domain}`)))).toEqual(new Set([emailKey(email)]));
      }),
    );
  });
});
