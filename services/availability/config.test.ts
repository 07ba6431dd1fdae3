import { expect, test } from "vitest";
import { meaningsOf } from "../../shared/auth/claims.ts";
import { availabilityConfig } from "./config.ts";

/** All that must be set. */
const needed = {
  DATABASE_URL: "postgres://somebody:secret@database/availability",
  AUTH_JWKS: "https://identity.example/keys",
  AUTH_ISSUER: "https://identity.example",
  AUTH_AUDIENCE: "availability",
  PEER_JWKS: "/keys/booking.jwks",
  SERVICE_KEY: "/keys/availability.jwk",
};

test("needs the database and the keys, and nothing else", () => {
  expect(availabilityConfig(needed)).toEqual({
    database: { url: needed.DATABASE_URL, poolSize: 10 },
    grpc: { host: "127.0.0.1", port: 50051 },
    connect: { host: "127.0.0.1", port: 8081 },
    reflection: false,
    logLevel: "info",
    loggedSuccesses: 1,
    operations: undefined,
    drainPauseMs: 250,
    telemetry: { otlpEndpoint: undefined, sampledTraces: 0.01, exposesMetrics: false },
    auth: {
      development: false,
      jwks: needed.AUTH_JWKS,
      issuer: needed.AUTH_ISSUER,
      audience: needed.AUTH_AUDIENCE,
      claims: {
        subject: ["sub"],
        role: ["role"],
        meanings: meaningsOf({ HOST: ["HOST"], USER: ["USER"], ADMIN: ["ADMIN"] }),
      },
      peerJwks: needed.PEER_JWKS,
      serviceKey: needed.SERVICE_KEY,
    },
    tls: { cert: undefined, key: undefined, clientCa: undefined, peerCa: undefined },
    limits: { readsPerSecond: 1000, writesPerSecond: 100, streamStartsPerSecond: 100, openStreams: 100 },
    bookingUrl: "http://127.0.0.1:8082",
  });
});

test("a variable that is set to nothing counts as unset", () => {
  expect(availabilityConfig({ ...needed, GRPC_PORT: "" }).grpc.port).toBe(50051);
});

test.each([
  ["0", 0],
  ["2.5", 2500],
  ["300", 300_000],
])("a drain's pause of %s seconds is one of %s ms", (DRAIN_PAUSE_SECONDS, drainPauseMs) => {
  expect(availabilityConfig({ ...needed, DRAIN_PAUSE_SECONDS }).drainPauseMs).toBe(drainPauseMs);
});

test.each(["301", "-1", "1s", "1e1", "0.0001", ".5"])("a drain's pause of %j is refused", (DRAIN_PAUSE_SECONDS) => {
  expect(() => availabilityConfig({ ...needed, DRAIN_PAUSE_SECONDS })).toThrow(
    "wrong settings: DRAIN_PAUSE_SECONDS must be a number of seconds from 0 to 300, such as 0.25",
  );
});

test.each([
  [{ ENVIRONMENT: "development" }, true],
  [{ ENVIRONMENT: "development", REFLECTION: "off" }, false],
  [{ ENVIRONMENT: "production", REFLECTION: "on" }, true],
])("with %j reflection is on: %s", (set, reflection) => {
  expect(availabilityConfig({ ...needed, ...set }).reflection).toBe(reflection);
});

test.each(["production", "development"])("%s does not start without what authentication needs", (ENVIRONMENT) => {
  expect(() => availabilityConfig({ DATABASE_URL: needed.DATABASE_URL, ENVIRONMENT })).toThrow(
    "wrong settings: AUTH_JWKS is required; AUTH_ISSUER is required; AUTH_AUDIENCE is required; " +
      "PEER_JWKS is required; SERVICE_KEY is required",
  );
});

test.each([
  [{ TLS_CERT: "cert.pem" }, "TLS_KEY is required"],
  [{ TLS_KEY: "key.pem" }, "TLS_CERT is required"],
  [{ TLS_CLIENT_CA: "ca.pem" }, "TLS_CERT is required; TLS_KEY is required"],
])("half of TLS, %j, is none, and refused", (set, wrong) => {
  expect(() => availabilityConfig({ ...needed, ...set })).toThrow(`wrong settings: ${wrong}`);
});

test.each(["AUTH_JWKS", "PEER_JWKS"])(
  "production takes %s from a file, by https, or from this machine only",
  (name) => {
    const withKeys = (location: string, ENVIRONMENT = "production") => {
      return () => availabilityConfig({ ...needed, [name]: location, ENVIRONMENT });
    };
    for (const far of ["http://identity.example/keys", "HTTP://identity.example", "http://127.0.0.1.example/keys"]) {
      expect(withKeys(far)).toThrow(`wrong settings: ${name} must be a file or an https:// URL`);
      expect(withKeys(far, "development")).not.toThrow();
    }
    for (const near of [
      "http://localhost:9/keys",
      "http://127.0.0.1/keys",
      "http://[::1]:9/keys",
      "https://a.example/",
    ]) {
      expect(withKeys(near)).not.toThrow();
    }
    expect(withKeys("https://")).toThrow(`wrong settings: ${name} must be the path of a file or an https:// URL`);
  },
);

test.each(["AUTH_JWKS", "PEER_JWKS", "BOOKING_URL"])("%s has no password in it", (name) => {
  for (const url of ["https://user:secret@there.example/", "https://user@there.example/"]) {
    const wrong = `wrong settings: ${name} must be without a user or password in it`;
    expect(() => availabilityConfig({ ...needed, [name]: url })).toThrow(wrong);
  }
});

test("claims and roles have the names of the settings", () => {
  const set = {
    AUTH_SUBJECT_CLAIM: "https://example.com/id",
    AUTH_ROLE_CLAIM: "realm_access.roles",
    AUTH_ROLE_HOST: "staff, doctor",
    AUTH_ROLE_USER: "staff",
    AUTH_ROLE_ADMIN: "chief",
  };
  const { subject, role, meanings } = availabilityConfig({ ...needed, ...set }).auth.claims;
  expect([subject, role]).toEqual([["https://example.com/id"], ["realm_access", "roles"]]);
  expect(Object.fromEntries(meanings)).toEqual({ staff: ["HOST", "USER"], doctor: ["HOST"], chief: ["ADMIN"] });
});

test.each([
  [{ AUTH_SUBJECT_CLAIM: "a..b" }, "AUTH_SUBJECT_CLAIM must be the name of a claim, or names with dots between them"],
  [{ AUTH_ROLE_CLAIM: ".roles" }, "AUTH_ROLE_CLAIM must be the name of a claim, or names with dots between them"],
  [{ AUTH_ROLE_HOST: "a,,b" }, "AUTH_ROLE_HOST must be values with commas between them"],
  [{ AUTH_ROLE_ADMIN: "boss,USER" }, "AUTH_ROLE_ADMIN must be without values of AUTH_ROLE_HOST and AUTH_ROLE_USER"],
])("claims as in %j are refused", (set, wrong) => {
  expect(() => availabilityConfig({ ...needed, ...set })).toThrow(`wrong settings: ${wrong}`);
});

test("a peer whose certificate is to be checked is asked by https, or its tokens would go out in plain text", () => {
  const withPeer = (url: string) => () => availabilityConfig({ ...needed, PEER_CA: "ca.pem", BOOKING_URL: url });
  expect(withPeer("http://booking:8082")).toThrow(
    "wrong settings: PEER_CA must be left out unless BOOKING_URL is an https:// URL",
  );
  expect(withPeer("")).toThrow("PEER_CA must be left out");
  expect(withPeer("https://booking:8082")).not.toThrow();
});

test("names every wrong variable on one line, and no value", () => {
  const wrong = {
    ...needed,
    DATABASE_URL: "",
    ENVIRONMENT: "staging",
    GRPC_PORT: "65536",
    CONNECT_PORT: "1e3",
    DATABASE_POOL_SIZE: "1",
    REFLECTION: "yes",
    BOOKING_URL: "secret",
  };
  expect(() => availabilityConfig(wrong)).toThrow(
    "wrong settings: ENVIRONMENT must be development or production; DATABASE_URL is required; " +
      "DATABASE_POOL_SIZE must be a whole number from 2 to 1000; " +
      "GRPC_PORT must be a whole number from 0 to 65535; CONNECT_PORT must be a whole number from 0 to 65535; " +
      "REFLECTION must be on or off; BOOKING_URL must be an http:// or https:// URL",
  );
});
