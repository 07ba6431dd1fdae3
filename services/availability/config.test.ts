import { expect, test } from "vitest";
import { availabilityConfig } from "./config.ts";

const DATABASE_URL = "postgres://somebody:secret@database/availability";

test("needs nothing but the database", () => {
  expect(availabilityConfig({ DATABASE_URL })).toEqual({
    database: { url: DATABASE_URL, poolSize: 10 },
    grpc: { host: "127.0.0.1", port: 50051 },
    connect: { host: "127.0.0.1", port: 8081 },
    reflection: true,
    logLevel: "info",
    bookingUrl: "http://127.0.0.1:8082",
  });
});

test("a variable that is set to nothing counts as unset", () => {
  expect(availabilityConfig({ DATABASE_URL, GRPC_PORT: "" }).grpc.port).toBe(50051);
});

test("names every wrong variable on one line, and no value", () => {
  const wrong = {
    GRPC_PORT: "65536",
    CONNECT_PORT: "1e3",
    DATABASE_POOL_SIZE: "1",
    REFLECTION: "yes",
    BOOKING_URL: "secret",
  };
  expect(() => availabilityConfig(wrong)).toThrow(
    "wrong settings: DATABASE_URL is required; DATABASE_POOL_SIZE must be a whole number from 2 to 1000; " +
      "GRPC_PORT must be a whole number from 0 to 65535; CONNECT_PORT must be a whole number from 0 to 65535; " +
      "REFLECTION must be on or off; BOOKING_URL must be an http:// or https:// URL",
  );
});
