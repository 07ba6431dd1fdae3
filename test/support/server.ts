/** The PostgreSQL server that the test files share. */

import pg from "pg";

export interface DatabaseServer {
  /** Connection string of a database to create others from. */
  readonly url: string;
  /** Prefix of the names of all databases of this run: several runs may use one server. */
  readonly run: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** What global-setup.ts started for the test files. */
    readonly databaseServer: DatabaseServer;
    /** Where the keys are that the services accept: see `tokenOf`. */
    readonly keyFolder: string;
    /** Where the services log to: see `testLog`. */
    readonly logFolder: string;
  }
}

/** Connects to a database for the time that `work` takes. */
export async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The same server and user, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}
