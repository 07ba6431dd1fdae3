import { readFile, writeFile } from "node:fs/promises";
import { env } from "node:process";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availabilityMigrations } from "../../services/availability/storage/migrations/all.ts";
import { availabilityTables } from "../../services/availability/storage/tables.ts";
import { bookingMigrations } from "../../services/booking/storage/migrations/all.ts";
import { bookingTables } from "../../services/booking/storage/tables.ts";
import { type Database, openDatabase } from "../../shared/postgres/database.ts";
import { MIGRATION_LOCK } from "../../shared/postgres/locks.ts";
import { assertMigrated, migrate } from "../../shared/postgres/migrate.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { dumpSchema } from "../support/schema-dump.ts";

const services = [
  { service: "availability", entities: availabilityTables, migrations: availabilityMigrations },
  { service: "booking", entities: bookingTables, migrations: bookingMigrations },
] as const;

describe.each(services)("the $service database", ({ service, entities, migrations }) => {
  let empty: TestDatabase;
  const replicas: Database[] = [];

  beforeAll(async () => {
    empty = await createDatabase("empty");
    for (const replica of ["a", "b", "c"]) {
      replicas.push(
        await openDatabase({
          url: empty.url,
          poolSize: 2,
          entities,
          migrations,
          applicationName: `migrating-${replica}`,
        }),
      );
    }
  });

  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.close()));
    await empty.drop();
  });

  test("is migrated once by replicas that start at the same time", async () => {
    const [first] = replicas;
    await expect(assertMigrated(first!)).rejects.toThrow("npm run migrate");
    const ran = await Promise.all(replicas.map((replica) => migrate(replica)));
    expect(ran.flat()).toEqual(migrations.map(({ name }) => name));
    await assertMigrated(first!);
  });

  test("is not waited for without end: whoever holds the lock is named", async () => {
    const held = new Client({ connectionString: empty.url, application_name: "left-behind" });
    await held.connect();
    const { rows } = await held.query<{ pid: number }>("select pg_backend_pid() as pid, pg_advisory_lock($1, $2)", [
      ...MIGRATION_LOCK,
    ]);
    await expect(migrate(replicas[0]!, 50)).rejects.toThrow(
      new RegExp(
        `^after 0.05 s the lock of the migrations is still held by PostgreSQL's process ${rows[0]?.pid} ` +
          `\\("left-behind", connected since 2\\d{3}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\\)$`,
      ),
    );
    await held.end();
    await migrate(replicas[0]!);
  });

  test("may have run migrations of a later release: so the release before can come back", async () => {
    const [first] = replicas;
    await first!.pool.query("insert into migrations (name) values ('9999-later')");
    await assertMigrated(first!);
    expect(await migrate(first!)).toEqual([]);
    await first!.pool.query("delete from migrations where name = '9999-later'");
  });

  test("is what the mapped tables say it is", async () => {
    expect(await replicas[0]?.orm.schema.getUpdateSchemaSQL()).toBe("");
  });

  // `UPDATE_SCHEMA=1 npm test` writes the file anew after a migration was added.
  test("is what schema.sql says it is", async () => {
    const file = new URL(`../../services/${service}/storage/schema.sql`, import.meta.url);
    const client = await replicas[0]!.pool.connect();
    const schema = await dumpSchema(client).finally(() => client.release());
    if (env["UPDATE_SCHEMA"] === "1") await writeFile(file, schema);
    expect(schema).toBe(await readFile(file, "utf8"));
  });
});
