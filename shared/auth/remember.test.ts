import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MINUTE_MS } from "../time-units.ts";
import type { Identity } from "./identity.ts";
import { rememberTokens } from "./remember.ts";

let verified: string[];
let expireTime: number;
let identify: ReturnType<typeof rememberTokens>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  verified = [];
  expireTime = Date.now() + 60 * MINUTE_MS;
  identify = rememberTokens(async (token): Promise<Identity> => {
    verified.push(token);
    if (token === "bad") throw new Error("bad");
    return { subject: token, role: "ADMIN", expireTime };
  });
});

afterEach(() => {
  vi.useRealTimers();
});

test("a token is verified once, and every token by itself", async () => {
  for (const token of ["a", "b", "a", "a", "b"]) expect((await identify(token)).subject).toBe(token);
  expect(verified).toEqual(["a", "b"]);
});

test("a token that has ended is verified anew, which is to say refused", async () => {
  expireTime = Date.now() + MINUTE_MS;
  await identify("a");
  vi.advanceTimersByTime(MINUTE_MS - 1);
  await identify("a");
  expect(verified).toEqual(["a"]);
  vi.advanceTimersByTime(1);
  await identify("a");
  expect(verified).toEqual(["a", "a"]);
});

test("however long a token is good, it is verified again after a while: its key may have been withdrawn", async () => {
  await identify("a");
  vi.advanceTimersByTime(5 * MINUTE_MS);
  await identify("a");
  expect(verified).toEqual(["a", "a"]);
});

test("a bad token is not remembered", async () => {
  await expect(identify("bad")).rejects.toThrow("bad");
  await expect(identify("bad")).rejects.toThrow("bad");
  expect(verified).toEqual(["bad", "bad"]);
});
