/** docker-compose.yml against the code that it starts: variables, files, databases and their users. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { availabilityConfig, availabilityVariables } from "../../services/availability/config.ts";
import { bookingConfig, bookingVariables } from "../../services/booking/config.ts";
import { gatewayConfig, gatewayVariables } from "../../services/gateway/config.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { onServer } from "../support/server.ts";
import type { Postgres } from "../../services/dev/postgres/start.ts";

const project = resolve(import.meta.dirname, "../..");
const readText = (path: string): string => readFileSync(join(project, path), "utf8");

/** The secrets of docker/example.env. */
const secrets = Object.fromEntries(
  Array.from(readText("docker/example.env").matchAll(/^([A-Z_]+)=(.+)$/gm), ([, name = "", value = ""]) => [
    name,
    value,
  ]),
);

const part = z.object({
  command: z.array(z.string()).optional(),
  depends_on: z
    .union([
      z.record(z.string(), z.object({ condition: z.string() })),
      z.array(z.string()).transform((names) => Object.fromEntries(names.map((name) => [name, {}]))),
    ])
    .default({}),
  environment: z.record(z.string(), z.coerce.string()).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  restart: z.string(),
  volumes: z.array(z.string()).default([]),
});
const compose = z
  .object({ services: z.record(z.string(), part) })
  .parse(parse(interpolate(readText("docker-compose.yml")), { merge: true })).services;

/** As compose does it: `${NAME:?message}` must be set, `${NAME:-default}` may be. */
function interpolate(text: string): string {
  return text.replaceAll(/\$\{([A-Z_]+)(:[?-])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
    const value = secrets[name] ?? (kind === ":-" ? rest : undefined);
    if (value === undefined) throw new Error(`docker/example.env does not name ${name}`);
    return value;
  });
}

function environmentOf(name: string): Record<string, string> {
  return compose[name]?.environment ?? {};
}

function databaseOf(name: string, variable: string): { user: string; password: string; database: string } {
  const url = new URL(environmentOf(name)[variable] ?? "");
  return { user: url.username, password: url.password, database: url.pathname.slice(1) };
}

test("every variable of a service is one that it reads, with a value that it takes", () => {
  const known = (shape: object): string[] => Object.keys(shape);
  expect(known(availabilityVariables.shape)).toEqual(
    expect.arrayContaining(Object.keys(environmentOf("availability"))),
  );
  expect(known(bookingVariables.shape)).toEqual(expect.arrayContaining(Object.keys(environmentOf("booking"))));
  const availability = availabilityConfig(environmentOf("availability"));
  const booking = bookingConfig(environmentOf("booking"));
  expect(availability.bookingUrl).toBe(`http://booking:${booking.connect.port}`);
  expect(booking.availabilityUrl).toBe(`http://availability:${availability.connect.port}`);
  expect(known(gatewayVariables.shape)).toEqual(expect.arrayContaining(Object.keys(environmentOf("gateway"))));
  const gateway = gatewayConfig(environmentOf("gateway"));
  expect(gateway.availabilityUrl).toBe(booking.availabilityUrl);
  expect(gateway.bookingUrl).toBe(availability.bookingUrl);
  expect(compose["gateway"]?.healthcheck?.test.join(" ")).toContain(`127.0.0.1:${gateway.listen.port}/healthz`);
});

test("each service signs with its own key, knows its peer by the peer's, and sees no other", () => {
  for (const [name, peer] of [
    ["availability", "booking"],
    ["booking", "availability"],
  ] as const) {
    const files = [`/keys/${name}.jwk`, `/keys/${peer}.jwks`];
    expect(compose[name]?.volumes).toEqual(files.map((file) => `.${file}:${file}:ro`));
    const { SERVICE_KEY, PEER_JWKS } = environmentOf(name);
    expect([SERVICE_KEY, PEER_JWKS]).toEqual(files);
  }
});

test("each service has its own database, with one user who owns it and one who uses it", () => {
  const seen = (["availability", "booking"] as const).map((service) => ({
    app: databaseOf(service, "DATABASE_URL"),
    owner: databaseOf(`migrate-${service}`, `${service.toUpperCase()}_DATABASE_URL`),
  }));
  expect(seen.map(({ app }) => app.database)).toEqual(["availability", "booking"]);
  expect(seen.map(({ owner }) => owner.database)).toEqual(["availability", "booking"]);
  expect(new Set(seen.flatMap(({ app, owner }) => [app.user, owner.user, "postgres"])).size).toBe(5);
});

test("every file that is named exists", () => {
  const mounted = Object.values(compose).flatMap(({ volumes }) =>
    volumes.filter((volume) => /^\.\/(?!keys\/)/.test(volume)),
  );
  const programs = Object.values(compose).flatMap((each) => [
    ...(each.command ?? []),
    ...(each.healthcheck?.test ?? []),
  ]);
  const copied = Array.from(readText("Dockerfile").matchAll(/^COPY (.+) \S+$/gm), ([, files = ""]) =>
    files.split(" "),
  ).flat();
  const named = [
    "Dockerfile",
    ...mounted.map((volume) => volume.split(":")[0] ?? ""),
    ...programs.filter((argument) => argument.endsWith(".ts")),
    ...copied,
  ];
  expect(named.length).toBeGreaterThan(8);
  expect(named.filter((file) => !existsSync(join(project, file)))).toEqual([]);
});

test("everything waits for what it needs, is watched and comes back", () => {
  const needed = Object.values(compose).flatMap(({ depends_on: needs }) => Object.keys(needs));
  expect(Object.keys(compose)).toEqual(expect.arrayContaining(needed));
  for (const name of ["postgres", "availability", "booking", "gateway"]) {
    expect(compose[name]?.healthcheck, name).toBeDefined();
    expect(compose[name]?.restart, name).toBe("unless-stopped");
  }
});

describe("docker/init.sql", () => {
  let server: Postgres;

  beforeAll(async () => {
    server = await startOwnPostgres();
    for (const { database, statements } of scripts()) {
      await onServer(server.url(database), (client) => client.query(statements));
    }
    for (const service of ["availability", "booking"] as const) {
      await migrateDatabase(service, urlOf(`migrate-${service}`, `${service.toUpperCase()}_DATABASE_URL`));
    }
  });
  afterAll(async () => server.stop());

  /** The URL that compose gives to a part, on the server of this test. */
  function urlOf(name: string, variable: string): string {
    const url = new URL(environmentOf(name)[variable] ?? "");
    url.host = `127.0.0.1:${server.port}`;
    return url.href;
  }

  test("a service reads and writes the rows that its migrations made room for", async () => {
    const rows = await onServer(urlOf("booking", "DATABASE_URL"), async (client) => {
      await client.query("delete from bookings");
      return (await client.query("select from bookings")).rowCount;
    });
    expect(rows).toBe(0);
  });

  test("a service changes no table", async () => {
    const create = onServer(urlOf("booking", "DATABASE_URL"), (client) => client.query("create table more (id int)"));
    await expect(create).rejects.toThrow("permission denied for schema public");
    const alter = onServer(urlOf("booking", "DATABASE_URL"), (client) => client.query("drop table bookings"));
    await expect(alter).rejects.toThrow("must be owner of table bookings");
  });

  test("nobody enters the other service's database", async () => {
    for (const [name, variable] of [
      ["booking", "DATABASE_URL"],
      ["migrate-booking", "BOOKING_DATABASE_URL"],
    ] as const) {
      const url = urlOf(name, variable).replace(/\/booking$/, "/availability");
      await expect(onServer(url, (client) => client.query("select 1"))).rejects.toThrow(
        "permission denied for database",
      );
    }
  });
});

/** What psql would send to each database: `\connect` begins the next, `:'name'` is a secret, quoted. */
function scripts(): readonly { readonly database: string; readonly statements: string }[] {
  const text = readText("docker/init.sql");
  const names = new Map(
    Array.from(text.matchAll(/^\\getenv (\w+) (\w+)$/gm), ([, name = "", from = ""]) => [name, from]),
  );
  return `\\connect postgres\n${text}`
    .split(/^\\connect /m)
    .slice(1)
    .flatMap((piece) => {
      const database = piece.slice(0, piece.indexOf("\n"));
      const sql = piece
        .slice(database.length)
        .replaceAll(/^(\\|--).*$/gm, "")
        .replaceAll(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(secrets[names.get(name) ?? ""] ?? ""));
      // One statement at a time: a database cannot be created among others.
      return sql
        .split(";")
        .filter((statement) => statement.trim() !== "")
        .map((statements) => ({ database, statements }));
    });
}
