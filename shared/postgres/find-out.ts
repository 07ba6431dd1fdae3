/** Finds out how a commit ended whose answer was lost with its connection. */

import { setTimeout as pause } from "node:timers/promises";
import type { ClientBase, Pool } from "pg";
import { monotonicMs } from "../clock.ts";
import { lockHost } from "./locks.ts";
import { transaction } from "./transaction.ts";

/**
 * How long to wait for a restarting database, or for the end of the lost transaction, before giving up. Longer than
 * HOST_LOCK_IDLE_MS, so that a COMMIT that never arrives is found out too.
 */
export const FIND_OUT_WITHIN_MS = 8_000;
const RETRY_MS = 200;

/**
 * Returns what `look` sees when the transaction that was lost has ended, one way or the other. That transaction must have
 * had the host's exclusive lock before its COMMIT was sent.
 *
 * The server notices a lost connection late, and may even get what is still on its way to it, COMMIT included. But it has
 * said that it holds the lock, and it holds it until the transaction ends; and of a session that has ended, nothing that
 * still arrives is carried out. So behind the lock the answer is final: "not there" is "never".
 * `look` is a statement of its own, behind the lock, because one that waits and looks sees what was there before its wait.
 *
 * It should look for a row that only this change writes, and not for the transaction's status: after a crash the id of a
 * transaction that left no trace on disk is given out again. Throws when it cannot be told in time.
 */
export async function whenEnded<T>(
  pool: Pool,
  hostId: string,
  look: (client: ClientBase) => Promise<T>,
  withinMs: number = FIND_OUT_WITHIN_MS,
): Promise<T> {
  const until = monotonicMs() + withinMs;
  for (;;) {
    try {
      return await transaction(pool, async (client) => {
        await lockHost(client, hostId, "shared", until - monotonicMs());
        return await look(client);
      });
    } catch (error) {
      if (monotonicMs() + RETRY_MS >= until) throw error;
      await pause(RETRY_MS);
    }
  }
}
