/** Migrated databases to clone from: a clone takes a fraction of the time that the migrations take. */

import { migrateDatabase } from "../../services/ops/migrate/migrate.ts";
import { type ServiceName, serviceNames } from "../../services/ops/services.ts";
import { type DatabaseServer, databaseUrl, onServer } from "./server.ts";

export function templateName(server: DatabaseServer, service: ServiceName): string {
  return `${server.run}_template_${service}`;
}

/** Makes the templates and leaves no connection to them open: a database with one cannot be cloned. */
export async function createTemplates(server: DatabaseServer): Promise<void> {
  for (const service of serviceNames) {
    const name = templateName(server, service);
    await onServer(server.url, (client) => client.query(`create database ${name}`));
    await migrateDatabase(service, databaseUrl(server.url, name));
  }
}

/** Deletes the templates, and the databases that a test of this run has left. */
export async function dropTemplates(server: DatabaseServer): Promise<void> {
  await onServer(server.url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "select datname as name from pg_database where starts_with(datname, $1)",
      [`${server.run}_`],
    );
    for (const { name } of rows) await client.query(`drop database if exists ${name} with (force)`);
  });
}
