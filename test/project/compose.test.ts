/** docker-compose.yml against the code that it starts: variables, files, secrets, limits. */

import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { availabilityConfig, availabilityVariables } from "../../services/availability/config.ts";
import { bookingConfig, bookingVariables } from "../../services/booking/config.ts";
import { readDevConfig } from "../../services/dev/config.ts";
import { gatewayConfig, gatewayVariables } from "../../services/gateway/config.ts";
import {
  compose,
  databaseUrlOf,
  environmentOf,
  exampleSettings,
  project,
  readProject,
  secretFile,
  secretsFolder,
} from "../support/compose.ts";

const { services } = compose;
/** Read by Node.js itself. */
const OF_NODE = "NODE_EXTRA_CA_CERTS";

test("every variable of a service is one that it reads, with a value that it takes", () => {
  const unknown = (shape: object, name: string): string[] => {
    const known = new Set([...Object.keys(shape), "DATABASE_URL_FILE", OF_NODE]);
    return Object.keys(environmentOf(name)).filter((variable) => !known.has(variable));
  };
  expect(unknown(availabilityVariables.shape, "availability")).toEqual([]);
  expect(unknown(bookingVariables.shape, "booking")).toEqual([]);
  expect(unknown(gatewayVariables.shape, "gateway")).toEqual([]);
  const availability = availabilityConfig(environmentOf("availability"));
  const booking = bookingConfig(environmentOf("booking"));
  expect(availability.bookingUrl).toBe(`http://booking:${booking.connect.port}`);
  expect(booking.availabilityUrl).toBe(`http://availability:${availability.connect.port}`);
  const gateway = gatewayConfig(environmentOf("gateway"));
  expect(gateway.availabilityUrl).toBe(booking.availabilityUrl);
  expect(gateway.bookingUrl).toBe(availability.bookingUrl);
});

test("every setting of docker/example.env is one that the file reads", () => {
  const read = new Set(Array.from(readProject("docker-compose.yml").matchAll(/\$\{([A-Z_]+)/g), ([, name]) => name));
  const unread = Object.keys(exampleSettings).filter((name) => name !== "COMPOSE_PROFILES" && !read.has(name));
  expect(unread).toEqual([]);
});

test("each service signs with its own key, knows its peer by the peer's, and sees no other secret", () => {
  for (const [name, peer] of [
    ["availability", "booking"],
    ["booking", "availability"],
  ] as const) {
    const { SERVICE_KEY, PEER_JWKS, DATABASE_URL_FILE } = environmentOf(name);
    expect(SERVICE_KEY).toBe(join(secretsFolder, `${name}.jwk`));
    expect(PEER_JWKS).toBe(join(secretsFolder, `${peer}.jwks`));
    const seen = services[name]?.secrets.map((secret) => secretFile(`/run/secrets/${secret}`));
    expect(new Set(seen)).toEqual(new Set([SERVICE_KEY, PEER_JWKS, DATABASE_URL_FILE]));
  }
});

test("each service has its own database, with one user who owns it and one who uses it", () => {
  const seen = (["availability", "booking"] as const).map((service) => ({
    app: databaseUrlOf(service, "DATABASE_URL_FILE"),
    owner: databaseUrlOf(`migrate-${service}`, `${service.toUpperCase()}_DATABASE_URL_FILE`),
  }));
  expect(seen.map(({ app }) => app.pathname)).toEqual(["/availability", "/booking"]);
  expect(seen.map(({ owner }) => owner.pathname)).toEqual(["/availability", "/booking"]);
  expect(new Set(seen.flatMap(({ app, owner }) => [app.username, owner.username, "postgres"])).size).toBe(5);
  expect(new Set(seen.flatMap(({ app, owner }) => [app.password, owner.password])).size).toBe(4);
});

test("every secret that is mounted is made, and can be read in a container and by nobody on the machine", async () => {
  const named = Object.keys(compose.secrets);
  const used = new Set(Object.values(services).flatMap(({ secrets }) => secrets));
  expect(named.toSorted()).toEqual([...used].toSorted());
  for (const name of named) {
    expect((await stat(secretFile(`/run/secrets/${name}`))).mode & 0o777, name).toBe(0o444);
  }
  expect((await stat(secretsFolder)).mode & 0o777).toBe(0o700);
});

test("every file that is named exists", () => {
  const parts = Object.values(services);
  const mounted = parts.flatMap(({ volumes }) => volumes.filter((volume) => /^\.\/(?!secrets:)/.test(volume)));
  const programs = parts.flatMap((each) => [...(each.command ?? []), ...(each.healthcheck?.test ?? [])]);
  const copied = Array.from(readProject("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm), ([, files = ""]) =>
    files.split(" "),
  ).flat();
  const named = [
    ...mounted.map((volume) => volume.split(":")[0] ?? ""),
    ...programs.filter((argument) => argument.endsWith(".ts")),
    ...copied,
  ];
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter((path) => !existsSync(join(project, path)))).toEqual([]);
});

test("everything waits for what it needs, is watched and comes back", () => {
  const needed = Object.values(services).flatMap(({ depends_on: needs }) => Object.keys(needs));
  expect(Object.keys(services)).toEqual(expect.arrayContaining(needed));
  for (const name of ["postgres", "availability", "booking", "gateway", "demo", "demo-postgres"]) {
    expect(services[name]?.healthcheck, name).toBeDefined();
    expect(services[name]?.restart, name).toBe("unless-stopped");
  }
});

test("no health check has an argument with a blank, which Podman would split", () => {
  const checks = Object.values(services).flatMap(({ healthcheck }) => healthcheck?.test ?? []);
  expect(checks.filter((argument) => /\s/.test(argument))).toEqual([]);
});

test("no container takes all memory, all CPU or all of the disk with its log", () => {
  for (const [name, { mem_limit: memory, cpus, logging }] of Object.entries(services)) {
    expect([memory, cpus], name).toEqual([expect.stringMatching(/^\d+[mg]$/), expect.stringMatching(/^\d/)]);
    expect(logging?.options, name).toEqual({ "max-size": "20m", "max-file": "5" });
  }
});

test("`docker compose up` starts all that production needs, and nothing of the demo", () => {
  const inProfile = (profile: string): string[] =>
    Object.entries(services).flatMap(([name, { profiles }]) => (profiles.includes(profile) ? name : []));
  expect(exampleSettings["COMPOSE_PROFILES"]).toBe("production");
  expect(inProfile("production").toSorted()).toEqual(
    ["availability", "booking", "gateway", "migrate-availability", "migrate-booking", "postgres"].toSorted(),
  );
  expect(inProfile("demo")).toEqual(["demo-postgres", "demo"]);
  for (const profile of ["production", "demo"]) {
    const needs = inProfile(profile).flatMap((name) => Object.keys(services[name]?.depends_on ?? {}));
    expect(inProfile(profile), profile).toEqual(expect.arrayContaining(needs));
  }
});

test("the demo reads what it is given, and needs no secret", () => {
  const environment = environmentOf("demo");
  const config = readDevConfig(environment);
  expect(config.AVAILABILITY_DATABASE_URL).toBe(environment["AVAILABILITY_DATABASE_URL"]);
  expect(Object.keys(environment).filter((name) => !(name in config))).toEqual([]);
  expect([...(services["demo"]?.secrets ?? []), ...(services["demo-postgres"]?.secrets ?? [])]).toEqual([]);
});

test("git ignores what is secret", () => {
  const ignored = readProject(".gitignore").split("\n");
  expect(ignored).toEqual(expect.arrayContaining(["/.env", "/secrets/", "/keys/", "/docker/identity/*"]));
});
