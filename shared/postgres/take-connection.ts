import type { Pool, PoolClient } from "pg";
import { databaseUnreachable, isConnectionLost } from "./sqlstate.ts";

/** A connection from the pool, to be released. Throws Refusal BUSY when the pool can give none. */
export async function takeConnection(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    if (isConnectionLost(error)) throw databaseUnreachable(error);
    throw error;
  }
}
