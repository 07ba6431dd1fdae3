/** A database for each test file, cloned from the migrated template of its service. */

import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { databaseUrl, onServer } from "./server.ts";
import { templateName } from "./templates.ts";
import type { ServiceName } from "../../services/ops/services.ts";

export interface TestDatabase {
  /** Connection string, as a user who may do everything. */
  readonly url: string;
  /** Ends all connections to the database and deletes it. */
  drop(): Promise<void>;
}

/**
 * A fresh database with the tables of a service, or with `"empty"` one without any. Advisory locks belong to a database,
 * so test files with one each do not wait for each other.
 */
export async function createDatabase(kind: ServiceName | "empty"): Promise<TestDatabase> {
  const server = inject("databaseServer");
  const name = `${server.run}_${kind}_${randomBytes(4).toString("hex")}`;
  const template = kind === "empty" ? "template0" : templateName(server, kind);
  await onServer(server.url, (client) => client.query(`create database ${name} template ${template}`));
  return {
    url: databaseUrl(server.url, name),
    drop: async () => {
      await onServer(server.url, (client) => client.query(`drop database if exists ${name} with (force)`));
    },
  };
}
