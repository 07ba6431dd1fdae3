/** Transactions in plain SQL, on the pool that MikroORM owns. */

import type { Pool, PoolClient } from "pg";
import { commit, CommitLost } from "./commit.ts";
import type { Trace } from "../trace.ts";
import { queryOn } from "./held-for.ts";
import { databaseUnreachable, isConnectionLost, outcomeUnknown } from "./sqlstate.ts";
import { takeConnection } from "./take-connection.ts";

export interface TransactionOptions<T> {
  readonly findOut?: (() => Promise<T | undefined>) | undefined;
  readonly isReadOnly?: boolean;
  /** Of the call that it is for. */
  readonly trace?: Trace | undefined;
}

/**
 * Runs `work` in a READ COMMITTED transaction: commits when it returns, rolls back when it throws.
 *
 * Throws Refusal BUSY when the database gives no connection or the connection is lost before the commit, and OUTCOME_UNKNOWN when it was lost
 * while the commit was under way, unless `findOut` can tell: it is called (after the connection is gone) and returns what
 * the transaction returned if it was committed, undefined if it was not, or throws.
 */
export async function transaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions<T> = {},
): Promise<T> {
  try {
    return await attempt(pool, work, options);
  } catch (error) {
    if (error instanceof CommitLost) return await foundOut(options.findOut, error);
    throw isConnectionLost(error) ? databaseUnreachable(error) : error;
  }
}

async function attempt<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  { isReadOnly = false, trace }: TransactionOptions<T>,
): Promise<T> {
  const client = await takeConnection(pool, trace?.recording);
  // A connection in an unknown state is closed, not returned to the pool.
  let broken: Error | undefined;
  try {
    // Not "read write", which would overrule an operator who lets the server take no writes.
    await queryOn(client, `begin isolation level read committed ${isReadOnly ? "read only" : ""}`);
    const result = await work(client);
    try {
      broken = await commit(client);
    } catch (error) {
      // What a transaction has read is as true without its end.
      if (!(error instanceof CommitLost) || !isReadOnly) throw error;
      broken = error;
    }
    return result;
  } catch (error) {
    broken = error instanceof CommitLost || isConnectionLost(error) ? asError(error) : await rollback(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

async function foundOut<T>(findOut: (() => Promise<T | undefined>) | undefined, lost: CommitLost): Promise<T> {
  if (findOut === undefined) throw outcomeUnknown(lost);
  let found: T | undefined;
  try {
    found = await findOut();
  } catch {
    throw outcomeUnknown(lost);
  }
  if (found === undefined) throw databaseUnreachable(lost);
  return found;
}

async function rollback(client: PoolClient): Promise<Error | undefined> {
  try {
    await queryOn(client, "rollback");
    return undefined;
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
