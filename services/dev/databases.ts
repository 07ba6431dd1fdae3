/** The databases of `npm start`: in an embedded PostgreSQL, or wherever the settings say. Migrated when returned. */

import { join } from "node:path";
import pg from "pg";
import { CONNECT_TIMEOUT_MS, PrimaryClient } from "../../shared/postgres/primary-client.ts";
import { migrateDatabase } from "../ops/migrate/migrate.ts";
import { type ServiceName, serviceNames } from "../ops/services.ts";
import type { DevConfig } from "./config.ts";
import { StartFailure } from "./machine/failure.ts";
import { deletePostgres, type Postgres, startPostgres } from "./postgres/start.ts";

export interface Databases {
  readonly urls: Readonly<Record<ServiceName, string>>;
  /** The embedded server, unless both databases are elsewhere. */
  readonly embedded: Postgres | undefined;
}

const OLDEST_SERVER = 150_000;

/**
 * Starts the embedded server where it is needed, makes the databases in it, and migrates both. `fresh` deletes what the
 * embedded server has stored. `started` is called as soon as there is a server to be stopped. Throws StartFailure.
 */
export async function prepareDatabases(
  config: DevConfig,
  fresh: boolean,
  started: (embedded: Postgres) => void,
): Promise<Databases> {
  const given = { availability: config.AVAILABILITY_DATABASE_URL, booking: config.BOOKING_DATABASE_URL };
  const embedded = serviceNames.some((service) => given[service] === undefined)
    ? await startEmbedded(config, fresh)
    : undefined;
  if (embedded !== undefined) started(embedded);
  const urlOf = async (service: ServiceName): Promise<string> => {
    const url = given[service] ?? (await databaseIn(embedded, service));
    await assertUsable(url, given[service] === undefined ? "the embedded PostgreSQL" : databaseVariable(service));
    await migrateDatabase(service, url);
    return url;
  };
  const [availability, booking] = await Promise.all([urlOf("availability"), urlOf("booking")]);
  return { urls: { availability, booking }, embedded };
}

function databaseVariable(service: ServiceName): string {
  return `${service.toUpperCase()}_DATABASE_URL`;
}

async function startEmbedded(config: DevConfig, fresh: boolean): Promise<Postgres> {
  const folder = join(config.DEV_FOLDER, "postgres");
  if (fresh) await deletePostgres(folder);
  return startPostgres({ folder, port: config.POSTGRES_PORT, settings: {}, temporary: false });
}

async function databaseIn(embedded: Postgres | undefined, service: ServiceName): Promise<string> {
  if (embedded === undefined) throw new Error(`no server for the database ${service}`);
  const client = new pg.Client({ connectionString: embedded.url("postgres") });
  await client.connect();
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [service]);
    if (rowCount === 0) await client.query(`create database ${service}`);
  } finally {
    await client.end();
  }
  return embedded.url(service);
}

/** `name` is where the URL is from: the URL itself has a password in it. */
async function assertUsable(url: string, name: string): Promise<void> {
  const client = new PrimaryClient({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ number: number; text: string }>(
      "select current_setting('server_version_num')::int as number, current_setting('server_version') as text",
    );
    const version = rows[0];
    if (version === undefined || version.number < OLDEST_SERVER) {
      throw new StartFailure(`${name}: PostgreSQL 15 or later is needed, not ${version?.text ?? "an unknown version"}`);
    }
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    throw new StartFailure(`the database of ${name} cannot be used: ${wordsOf(error)}`, { cause: error });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Node's error for a host with several addresses has no message of its own. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(wordsOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
