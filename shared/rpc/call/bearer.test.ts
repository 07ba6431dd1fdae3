import { expect, test } from "vitest";
import { bearerToken } from "./bearer.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function tokenOf(authorization: string): string | undefined {
  try {
    return bearerToken(authorization);
  } catch {
    return undefined;
  }
}

test.each([0, 1, 2, 3, 64])("of a signature of %d bytes, only the one spelling is a token", (bytes) => {
  const right = `e30.e30.${Buffer.alloc(bytes, 0xa7).toString("base64url")}`;
  const spellings = Array.from(ALPHABET)
    .map((last) => right.slice(0, -1) + last)
    .filter((token) => sameBytes(token, right));
  const accepted = spellings.map((token) => tokenOf(`Bearer ${token}`)).filter((token) => token !== undefined);
  expect(accepted).toEqual(bytes === 0 ? [] : [right]);
});

test("a length that no bytes have is no token", () => {
  expect(tokenOf("Bearer e30.e30.AAAAA")).toBeUndefined();
});

function sameBytes(one: string, other: string): boolean {
  const [a, b] = [one, other].map((token) => Buffer.from(token.replace(/^.*\./, ""), "base64url").toString("hex"));
  return a === b;
}
