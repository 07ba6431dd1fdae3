/** How many transactions a burst takes. */

import type { Client } from "pg";
import type { Measurement } from "./measure.ts";
import { onDatabase, type Stage } from "./stage.ts";

const BURSTS = 5;

/** Transactions of Booking's database for one burst, on average: those of the lanes, and the few that are due anyway. */
export async function transactionsPerBurst(
  stage: Stage,
  burst: (durationMs: number) => Promise<Measurement>,
): Promise<number> {
  return onDatabase(stage.booking.databaseUrl, async (client) => {
    // Like the bursts that are timed, those that are counted come to a host that Booking remembers.
    await burst(0);
    const before = await transactionsSoFar(client);
    for (let count = 0; count < BURSTS; count += 1) await burst(0);
    return ((await transactionsSoFar(client)) - before) / BURSTS;
  });
}

/** A connection reports its transactions up to ten seconds late, or when it ends: so those of the lanes are ended. */
async function transactionsSoFar(client: Client): Promise<number> {
  await client.query(
    `select pg_terminate_backend(pid, 1000) from pg_stat_activity
     where datname = current_database() and application_name = 'booking-lanes'`,
  );
  const { rows } = await client.query<{ count: number }>(
    `select (xact_commit + xact_rollback)::float8 as count from pg_stat_database where datname = current_database()`,
  );
  return rows[0]?.count ?? Number.NaN;
}
