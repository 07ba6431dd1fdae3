/**
 * Runs once before all test files: keys, a folder for logs, a PostgreSQL, and in it one migrated template database for each
 * service. And once after them: no secret may be in what the services have logged.
 */

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import type { TestProject } from "vitest/node";
import { provideKeys } from "../../services/dev/keys.ts";
import { startPostgres } from "../../services/dev/postgres/start.ts";
import { installPostgres, postgresPackages } from "./postgres-version.ts";
import { assertNoSecretsIn } from "./secrets.ts";
import { type DatabaseServer, onServer } from "./server.ts";
import { createTemplates, dropTemplates } from "./templates.ts";

/** Returns the function to call after all test files. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await serverForTests();
  const server: DatabaseServer = { url, run: `t${randomBytes(4).toString("hex")}` };
  try {
    await createTemplates(server);
  } catch (error) {
    await stop();
    throw error;
  }
  project.provide("databaseServer", server);
  const keyFolder = await mkdtemp(join(tmpdir(), "slotwright-keys-"));
  await provideKeys(keyFolder);
  project.provide("keyFolder", keyFolder);
  const logFolder = await mkdtemp(join(tmpdir(), "slotwright-logs-"));
  project.provide("logFolder", logFolder);
  return async () => {
    await rm(keyFolder, { recursive: true });
    await dropTemplates(server);
    await stop();
    // Last, because it fails the run, and leaves the folder to be looked at.
    await assertNoSecretsIn(logFolder);
    await rm(logFolder, { recursive: true });
  };
}

/** The server that TEST_DATABASE_URL names (its user may create databases), or one of TEST_POSTGRES_VERSION in a temporary folder. */
async function serverForTests(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const given = env["TEST_DATABASE_URL"];
  if (given !== undefined && given !== "") {
    await onServer(given, (client) => client.query("select 1"));
    return { url: given, stop: async () => undefined };
  }
  await installPostgres();
  const postgres = await startPostgres({
    folder: join(tmpdir(), `slotwright-test-${randomBytes(6).toString("hex")}`),
    port: 0,
    // Nothing here outlives the run. Tests that crash PostgreSQL start one of their own, which writes to the disk.
    settings: { max_connections: "300", fsync: "off", full_page_writes: "off" },
    temporary: true,
    packages: postgresPackages(),
  });
  return { url: postgres.url("postgres"), stop: () => postgres.stop() };
}
