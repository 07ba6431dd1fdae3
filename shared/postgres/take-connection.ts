import type { Pool, PoolClient } from "pg";
import type { Recording } from "../trace.ts";
import { holdFor } from "./held-for.ts";
import { databaseUnreachable, isConnectionLost } from "./sqlstate.ts";

/**
 * A connection from the pool, to be released. Its statements are recorded below `recording`, if there is one. Throws Refusal BUSY
 * when the pool can give none.
 */
export async function takeConnection(pool: Pool, recording?: Recording): Promise<PoolClient> {
  try {
    const client = await pool.connect();
    holdFor(client, recording);
    return client;
  } catch (error) {
    if (isConnectionLost(error)) throw databaseUnreachable(error);
    throw error;
  }
}
