/** Pages of other origins that call the gateway. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayConfig } from "../../services/gateway/config.ts";
import { type GatewayUnderTest, startGatewayOf } from "./started.ts";

const ORIGIN = "https://calendar.example";
/** Nobody is asked: what these tests look at the gateway says by itself. */
const nowhere = { availability: { connectUrl: "http://127.0.0.1:1" }, booking: { connectUrl: "http://127.0.0.1:1" } };

let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await startGatewayOf(nowhere as Parameters<typeof startGatewayOf>[0], {
    CORS_ORIGINS: `${ORIGIN},https://other.example`,
  });
});
afterAll(() => gateway.stop());

describe("pages of other origins", () => {
  test("that are named may call, and read what they need", async () => {
    const preflight = await fetch(`${gateway.url}/bookings`, {
      method: "OPTIONS",
      headers: { origin: ORIGIN, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(preflight.headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("idempotency-key");
    for (const [write, path] of [
      ["PUT", "/hosts/1/weekly-hours"],
      ["PATCH", "/hosts/1/rules"],
    ] as const) {
      const toWrite = await fetch(`${gateway.url}${path}`, {
        method: "OPTIONS",
        headers: { origin: ORIGIN, "access-control-request-method": write },
      });
      expect(toWrite.headers.get("access-control-allow-methods")).toBe(`GET, HEAD, ${write}`);
    }
    const { headers } = await gateway.call("GET", "/nothing", { headers: { origin: ORIGIN } });
    expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(headers.get("access-control-expose-headers")).toContain("etag");
    expect(headers.get("vary")).toBe("origin");
  });

  test("that are not named may not", async () => {
    const { headers } = await gateway.call("GET", "/users", { headers: { origin: "https://evil.example" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("vary")).toBe("origin");
  });

  test("are told apart by settings that are checked", () => {
    expect(gatewayConfig({ CORS_ORIGINS: "*" }).corsOrigins).toEqual(["*"]);
    for (const CORS_ORIGINS of ["https://a.example/", "a.example", "*,https://a.example", "https://a.example,"]) {
      expect(() => gatewayConfig({ CORS_ORIGINS })).toThrow("CORS_ORIGINS must be origins");
    }
  });
});
