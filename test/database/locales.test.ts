/**
 * Users are the same whatever the locale of the database is. A Turkish one folds INFO to ınfo, and one of the locale C folds
 * ASCII letters only, so neither may be asked.
 */

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { availabilityMigrations } from "../../services/availability/storage/migrations/all.ts";
import { availabilityTables } from "../../services/availability/storage/tables.ts";
import { Role } from "../../shared/gen/availability/v1/user_pb.ts";
import { openDatabase } from "../../shared/postgres/database.ts";
import { migrate } from "../../shared/postgres/migrate.ts";
import { type Clients, connectClients } from "../support/clients.ts";
import { type Served, startAvailabilityService } from "../support/pair.ts";
import { outcomeOf } from "../support/refusals.ts";
import { databaseUrl, onServer } from "../support/server.ts";
import { admin, tokenSource } from "../support/tokens.ts";

const locales = [
  { name: "tr", folding: "ınfo josé", options: "locale_provider icu icu_locale 'tr' locale 'C' encoding 'UTF8'" },
  { name: "c", folding: "info josÉ", options: "locale 'C' encoding 'UTF8'" },
];

describe.each(locales)("on a database of the locale $name", ({ name: locale, folding, options }) => {
  const server = inject("databaseServer");
  const name = `${server.run}_locale_${locale}_${randomUUID().slice(0, 8)}`;
  const url = databaseUrl(server.url, name);
  let served: Served;
  let users: Clients["users"];

  beforeAll(async () => {
    await onServer(server.url, (client) => client.query(`create database ${name} template template0 ${options}`));
    const mapped = { entities: availabilityTables, migrations: availabilityMigrations };
    const database = await openDatabase({ url, poolSize: 2, applicationName: "locales", ...mapped });
    await migrate(database);
    await database.close();
    served = await startAvailabilityService(url, { BOOKING_URL: "http://127.0.0.1:1" });
    users = connectClients(served.connectUrl, served.connectUrl, tokenSource(admin)).users;
  });
  afterAll(async () => {
    await served.stop();
    await onServer(server.url, (client) => client.query(`drop database if exists ${name} with (force)`));
  });

  test("which folds letters by its own", async () => {
    const { rows } = await onServer(url, (client) => client.query<{ lower: string }>("select lower('INFO JOSÉ')"));
    expect(rows).toEqual([{ lower: folding }]);
  });

  test.each([
    ["INFO@example.org", "info@example.org"],
    ["JOSÉ@example.org", "josé@example.org"],
    ["jose\u0301.a@example.org", "jos\u00E9.A@example.org"],
    ["a@BÜCHER.example", "a@xn--bcher-kva.example"],
  ])("%s and %s are one address", async (one, other) => {
    const created = await users.createUser({ email: one, displayName: "Somebody", role: Role.USER });
    expect(await outcomeOf(users.createUser({ email: other, displayName: "Other", role: Role.USER }))).toBe(
      "EMAIL_TAKEN",
    );
    expect((await users.lookupUser({ email: other })).user).toEqual(created.user);
  });

  test("external ids differ by letter case, and pages are in the order of ids", async () => {
    const created: string[] = [];
    for (const externalId of ["I", "i", "ı", "İ"]) {
      const user = { email: `${randomUUID()}@example.org`, displayName: externalId, role: Role.HOST, externalId };
      created.push((await users.createUser(user)).user!.id);
    }
    const { users: listed } = await users.listUsers({ role: Role.HOST });
    expect(listed.map(({ id }) => id)).toEqual(created.toSorted());
  });
});
