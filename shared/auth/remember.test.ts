import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MINUTE_MS } from "../time-units.ts";
import type { Claims } from "./claims.ts";
import { rememberTokens } from "./remember.ts";

let verified: string[];
let expireTime: number;
let verify: ReturnType<typeof rememberTokens>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  verified = [];
  expireTime = Date.now() + 60 * MINUTE_MS;
  verify = rememberTokens(async (token): Promise<Claims> => {
    verified.push(token);
    if (token === "bad") throw new Error("bad");
    return { issuer: "issuer", subject: token, roles: ["USER"], expireTime, identity: undefined };
  });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a token is verified once, and every token by itself", async () => {
  for (const token of ["a", "b", "a", "a", "b"]) expect((await verify(token)).subject).toBe(token);
  expect(verified).toEqual(["a", "b"]);
});

test("a token that has ended is verified anew, which is to say refused", async () => {
  expireTime = Date.now() + MINUTE_MS;
  await verify("a");
  vi.advanceTimersByTime(MINUTE_MS - 1);
  await verify("a");
  expect(verified).toEqual(["a"]);
  vi.advanceTimersByTime(1);
  await verify("a");
  expect(verified).toEqual(["a", "a"]);
});

test("however long a token is good, it is verified again after a while: its key may have been withdrawn", async () => {
  await verify("a");
  vi.advanceTimersByTime(5 * MINUTE_MS);
  await verify("a");
  expect(verified).toEqual(["a", "a"]);
});

test("a bad token is not remembered", async () => {
  await expect(verify("bad")).rejects.toThrow("bad");
  await expect(verify("bad")).rejects.toThrow("bad");
  expect(verified).toEqual(["bad", "bad"]);
});
