import { expect, test } from "vitest";
import { bookingConfig } from "./config.ts";

/** All that must be set. What both services have is tested with Availability's settings. */
const needed = {
  DATABASE_URL: "postgres://somebody:secret@database/booking",
  AUTH_JWKS: "https://identity.example/keys",
  AUTH_ISSUER: "https://identity.example",
  AUTH_AUDIENCE: "booking",
  PEER_JWKS: "/keys/availability.jwks",
  SERVICE_KEY: "/keys/booking.jwk",
};

test("needs the database and the keys, and nothing else", () => {
  expect(bookingConfig(needed)).toMatchObject({
    grpc: { host: "127.0.0.1", port: 50052 },
    connect: { host: "127.0.0.1", port: 8082 },
    availabilityUrl: "http://127.0.0.1:8081",
    lanes: { lanes: 2, batchMax: 256, queueMax: 4096 },
  });
});

test.each([
  [{ PEER_CA: "ca.pem" }, "PEER_CA must be left out unless AVAILABILITY_URL is an https:// URL"],
  [{ AUTH_JWKS: "http://identity.example/keys" }, "AUTH_JWKS must be a file or an https:// URL"],
  [{ TLS_CERT: "cert.pem" }, "TLS_KEY is required"],
])("%j is unsafe, and refused", (set, wrong) => {
  expect(() => bookingConfig({ ...needed, ...set })).toThrow(`wrong settings: ${wrong}`);
});
