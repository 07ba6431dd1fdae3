/** A PostgreSQL server for one test file: to be crashed, or given roles that the shared one should not have. */

import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresPackages } from "./postgres-version.ts";
import { type Postgres, type PostgresOptions, startPostgres } from "../../services/dev/postgres/start.ts";

/**
 * Starts a server with the durability that PostgreSQL has by default, on a free port, in a temporary folder.
 *
 * To crash it: `temporary: false` and a `folder`, `process.kill(server.pid, "SIGKILL")`, `await server.ended`, and the same
 * folder and port again. Then the folder is yours to delete, by `deletePostgres`.
 */
export async function startOwnPostgres(options: Partial<PostgresOptions> = {}): Promise<Postgres> {
  return startPostgres({
    folder: join(tmpdir(), `slotwright-own-${randomBytes(6).toString("hex")}`),
    port: 0,
    settings: {},
    temporary: true,
    packages: postgresPackages(),
    ...options,
  });
}
