/** Transactions and reads in plain SQL, on the pool that MikroORM owns. */

import type { Pool, PoolClient } from "pg";
import { isConnectionLost, databaseUnreachable, outcomeUnknown, sqlState } from "./sqlstate.ts";

/**
 * Runs `work` in a READ COMMITTED transaction: commits when it returns, rolls back when it throws.
 *
 * Throws Refusal BUSY when no connection was had or it was lost before the commit, and OUTCOME_UNKNOWN when it was lost
 * while the commit was under way, unless `findOut` can tell: it is called (after the connection is gone) and says whether
 * the transaction was committed, or throws.
 */
export async function transaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  findOut?: (result: T) => Promise<boolean>,
  mode: "read write" | "read only" = "read write",
): Promise<T> {
  const client = await connect(pool);
  let broken: Error | undefined;
  try {
    await client.query(`begin isolation level read committed ${mode}`);
    const result = await work(client);
    try {
      const { command } = await client.query("commit");
      // A transaction that an error has aborted answers COMMIT with ROLLBACK.
      if (command !== "COMMIT") throw new Error(`the transaction was not committed: ${command}`);
    } catch (error) {
      if (sqlState(error) !== undefined && !isConnectionLost(error)) throw error;
      broken = asError(error);
      if (mode === "read only" || (await committed(findOut, result, error))) return result;
      throw databaseUnreachable(error);
    }
    return result;
  } catch (error) {
    if (broken === undefined) {
      broken = isConnectionLost(error) ? asError(error) : await rollback(client);
      if (isConnectionLost(error)) throw databaseUnreachable(error);
    }
    throw error;
  } finally {
    // A connection in an unknown state is closed, not returned to the pool.
    client.release(broken);
  }
}

/** A connection from the pool. Throws Refusal BUSY when there is none to be had. */
export async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    if (isConnectionLost(error)) throw databaseUnreachable(error);
    throw error;
  }
}

async function committed<T>(
  findOut: ((result: T) => Promise<boolean>) | undefined,
  result: T,
  cause: unknown,
): Promise<boolean> {
  if (findOut === undefined) throw outcomeUnknown(cause);
  try {
    return await findOut(result);
  } catch {
    throw outcomeUnknown(cause);
  }
}

async function rollback(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query("rollback");
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
