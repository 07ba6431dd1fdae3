/** docker/init.sql: what the users of the databases may do, after the migrate jobs have run as docker-compose.yml runs them. */

import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Postgres } from "../../services/dev/postgres/start.ts";
import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { databaseUrlOf, readProject, secretFile } from "../support/compose.ts";
import { startOwnPostgres } from "../support/own-postgres.ts";
import { onServer } from "../support/server.ts";

let server: Postgres;

beforeAll(async () => {
  server = await startOwnPostgres();
  for (const { database, statements } of scripts()) {
    await onServer(server.url(database), (client) => client.query(statements));
  }
  for (const service of ["availability", "booking"] as const) await migrateDatabase(service, ownerUrl(service));
});

afterAll(async () => server.stop());

function appUrl(service: string): string {
  return here(databaseUrlOf(service, "DATABASE_URL_FILE"));
}

function ownerUrl(service: string): string {
  return here(databaseUrlOf(`migrate-${service}`, `${service.toUpperCase()}_DATABASE_URL_FILE`));
}

/** The same user and database on the server of this test. */
function here(url: URL): string {
  url.host = `127.0.0.1:${server.port}`;
  return url.href;
}

async function asApp(statement: string): Promise<pg.QueryResult> {
  return onServer(appUrl("booking"), (client) => client.query(statement));
}

test("a service reads and writes the rows that its migrations made room for", async () => {
  await asApp("delete from bookings");
  expect((await asApp("select from bookings")).rowCount).toBe(0);
});

test.each([
  ["create table more (id int)", "permission denied for schema public"],
  ["create temporary table more (id int)", "permission denied to create temporary tables"],
  ["create schema more", "permission denied for database booking"],
  ["drop table bookings", "must be owner of table bookings"],
  ["truncate bookings", "permission denied for table bookings"],
])("a service changes no table: %s", async (statement, why) => {
  await expect(asApp(statement)).rejects.toThrow(why);
});

test.each([
  "insert into migrations (name) values ('more')",
  "update migrations set name = ''",
  "delete from migrations",
])("a service reads which migrations have run and does not change it: %s", async (statement) => {
  expect((await asApp("select name from migrations")).rowCount).toBeGreaterThan(0);
  await expect(asApp(statement)).rejects.toThrow("permission denied for table migrations");
});

test("the migrate job runs again, though it took rights away", async () => {
  expect(await migrateDatabase("booking", ownerUrl("booking"))).toEqual([]);
});

test.each(["availability", "postgres", "template1"])("nobody of Booking enters the database %s", async (database) => {
  for (const url of [appUrl("booking"), ownerUrl("booking")]) {
    const there = url.replace(/\/booking$/, `/${database}`);
    await expect(onServer(there, (client) => client.query("select 1"))).rejects.toThrow(
      "permission denied for database",
    );
  }
});

/** What psql would send to each database: `\connect` begins the next, `:'name'` is a secret, quoted. */
function scripts(): readonly { readonly database: string; readonly statements: string }[] {
  const text = readProject("docker/init.sql");
  const secrets = new Map(
    Array.from(text.matchAll(/^\\set (\w+) `cat (\S+)`$/gm), ([, name = "", path = ""]) => [
      name,
      readFileSync(secretFile(path), "utf8"),
    ]),
  );
  return `\\connect postgres\n${text}`
    .split(/^\\connect /m)
    .slice(1)
    .flatMap((piece) => {
      const database = piece.slice(0, piece.indexOf("\n"));
      const sql = piece
        .slice(database.length)
        .replaceAll(/^(\\|--).*$/gm, "")
        .replaceAll(/:'(\w+)'/g, (_, name: string) => pg.escapeLiteral(secrets.get(name) ?? "no such secret"));
      // One statement at a time: a database cannot be created among others.
      return sql
        .split(";")
        .filter((statement) => statement.trim() !== "")
        .map((statements) => ({ database, statements }));
    });
}
