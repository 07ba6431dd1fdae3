/**
 * One database of a service. The project's owner asked for MikroORM: here it maps the tables, runs the migrations and makes the
 * queries that read users; everything else is plain SQL on the same connections. The package `mikro-orm` is empty by its
 * authors' wish, its code is in `@mikro-orm/core`.
 */

import type { EntitySchema, MigrationObject } from "@mikro-orm/core";
import { MikroORM } from "@mikro-orm/postgresql";
import { Client, type ClientConfig, type Pool, type PoolConfig } from "pg";
import { patientMigrator } from "./patient-migrator.ts";
import type { TablePatience } from "./patient-runner.ts";
import { CONNECT_TIMEOUT_MS, poolClient } from "./primary-client.ts";
import { serverUrls } from "./server-urls.ts";
import { prepareSession } from "./session.ts";

/** Longer than every wait of ours, so that they end only what was forgotten. */
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** How much later than the server's own limit its answer is given up. */
const ANSWER_GRACE_MS = 5000;

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`, with libpq's parameters (`?sslmode=verify-full`), or with several hosts. */
  readonly url: string;
  /** The most connections that this process holds at once. */
  readonly poolSize: number;
  readonly entities: readonly EntitySchema[];
  readonly migrations: readonly MigrationObject[];
  /** What `pg_stat_activity` shows for these connections. */
  readonly applicationName: string;
  /** When a statement is ended, in milliseconds; 0 for never, which migrations need. 30 s if left out. */
  readonly statementTimeoutMs?: number;
  /** How migrations wait for tables that others use. */
  readonly tablePatience?: TablePatience;
}

export interface Database {
  readonly orm: MikroORM;
  /** MikroORM's own pool, so that a process has one pool and one limit. */
  readonly pool: Pool;
  /** How every connection is made, and without its settings: for the few that must be kept outside the pool. */
  readonly connection: Readonly<ClientConfig>;
  /** The migrations that this code counts on, in order. */
  readonly migrationNames: readonly string[];
  close(): Promise<void>;
}

/** Opens a database. Connections are made when they are needed, so this succeeds without a server. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const connection: ClientConfig = {
    // MikroORM would read host, port and names from a URL and drop the rest, `sslmode` included. The driver reads it all.
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // Where the server itself is out of reach, TCP would go on hoping for a quarter of an hour.
    query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + ANSWER_GRACE_MS,
    keepAlive: true,
  };
  const pooled: PoolConfig = {
    ...connection,
    Client: poolClient,
    onConnect: prepareSession({
      statement_timeout: String(statementTimeoutMs),
      idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
      // The server's own time zone must not decide how a constraint's text or a log line reads.
      TimeZone: "UTC",
    }),
  };
  const orm = await MikroORM.init({
    dbName: databaseName(options.url),
    driverOptions: pooled,
    pool: { min: 0, max: options.poolSize },
    entities: [...options.entities],
    extensions: [patientMigrator(options.tablePatience)],
    // An operator makes databases, not a service with a typo in its URL.
    ensureDatabase: false,
    migrations: {
      migrationsList: [...options.migrations],
      tableName: "migrations",
      // Each migration has a transaction of its own, or none: no table stays locked while the next migration runs.
      allOrNothing: false,
      // The test of drift compares with the database itself; a snapshot would be a second truth.
      snapshot: false,
      silent: true,
    },
  });
  const pool = await orm.em.getConnection().getNativeClient();
  const migrationNames = options.migrations.map(({ name }) => name);
  const close = async (): Promise<void> => {
    await orm.close();
    // A pool through which the ORM itself has asked nothing is not known to it, and its connections would stay.
    if (!pool.ended) await pool.end();
  };
  return { orm, pool, connection, migrationNames, close };
}

/** The name of the database in a URL, found as the driver finds it. A client that is never connected costs nothing. */
function databaseName(url: string): string {
  const { database } = new Client({ connectionString: serverUrls(url)[0] });
  if (database === undefined || database === "") throw new Error("the database's URL names no database");
  return database;
}
