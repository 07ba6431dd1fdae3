/** Reads in plain SQL that end, in the database too, when their caller leaves. */

import { Client, type Pool, type PoolClient, type QueryConfig, type QueryResultRow } from "pg";
import type { Caller } from "../caller.ts";
import { queryOn } from "./held-for.ts";
import { databaseUnreachable, isConnectionLost } from "./sqlstate.ts";
import { takeConnection } from "./take-connection.ts";

/** The backend's process id, which the driver knows and its types leave out, and its server where a URL names several. */
interface Backend {
  readonly processID?: number;
  readonly connectedTo?: string;
}

/** Whom a read is for: a call; or something else that may be broken off. */
export type Reader = Pick<Caller, "signal" | "trace">;

/**
 * The rows of a query. When `signal` aborts, the query is cancelled in the database and the call rejects with the signal's
 * reason. Throws Refusal BUSY when the database is out of reach.
 */
export async function read<Row extends QueryResultRow>(
  pool: Pool,
  query: QueryConfig,
  { signal, trace }: Partial<Reader> = {},
): Promise<Row[]> {
  signal?.throwIfAborted();
  const client = await takeConnection(pool, trace?.recording);
  let cancelled: Promise<unknown> | undefined;
  const cancel = (): void => {
    cancelled = cancelQuery(pool, client);
  };
  signal?.addEventListener("abort", cancel, { once: true });
  let broken: Error | undefined;
  try {
    signal?.throwIfAborted();
    return (await queryOn<Row>(client, query)).rows;
  } catch (error) {
    if (isConnectionLost(error)) broken = error instanceof Error ? error : new Error(String(error));
    signal?.throwIfAborted();
    throw broken === undefined ? error : databaseUnreachable(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
    // The connection stays ours until the cancellation is through: it would hit the next user's query.
    await cancelled;
    client.release(broken);
  }
}

/**
 * Over a connection of its own: it matters most when every connection of the pool is stuck, and then the pool has none to
 * give. There are never more of them than the pool has connections.
 */
async function cancelQuery(pool: Pool, client: PoolClient): Promise<void> {
  const { processID, connectedTo } = client as Backend;
  const canceller = new Client(
    connectedTo === undefined ? pool.options : { ...pool.options, connectionString: connectedTo },
  );
  // Without a listener a connection that is lost meanwhile would end the process.
  canceller.on("error", () => undefined);
  try {
    await canceller.connect();
    await canceller.query("select pg_cancel_backend($1)", [processID]);
  } catch {
    // Then the query ends by its own timeout.
  } finally {
    await canceller.end().catch(() => undefined);
  }
}
