import { decodeJwt, generateKeyPair } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { MINUTE_MS } from "../time-units.ts";
import { serviceTokens } from "./service-token.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("a service signs for itself and its peer, for five minutes, and again a minute before they are over", async () => {
  const { privateKey } = await generateKeyPair("EdDSA");
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const next = serviceTokens({ kid: "k", alg: "EdDSA", key: privateKey }, "booking", "availability");
  const first = await next();
  const claims = decodeJwt(first);
  expect(claims).toMatchObject({ iss: "booking", sub: "booking", role: "SERVICE", aud: "availability" });
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);

  vi.advanceTimersByTime(4 * MINUTE_MS);
  expect(await next()).toBe(first);
  vi.advanceTimersByTime(1);
  const second = await next();
  expect(second).not.toBe(first);
  expect(decodeJwt(second).exp).toBe((claims.exp ?? 0) + 240);
});
