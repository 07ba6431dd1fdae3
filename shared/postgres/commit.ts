/** COMMIT, alone or behind the writes of its transaction. */

import type { ClientBase } from "pg";
import { brokenOff, roundTrip, type Statement, type StatementResult } from "./round-trip.ts";
import { provesRollback } from "./sqlstate.ts";

/** COMMIT was sent, and nothing says how it ended. */
export class CommitLost extends Error {
  override readonly name = "CommitLost";
}

const COMMIT: Statement = { name: "commit", text: "commit" };

/**
 * Runs the statements and commits, in one round trip. Returns the error with which the connection was lost right behind that,
 * if it was: a COMMIT that the server has reported as done is done, and a broken end of the answer takes nothing back. There is nothing to find out then, which would need a database that has just gone.
 *
 * Throws CommitLost, or an error which proves that nothing was committed.
 */
export async function commit(client: ClientBase, writes: readonly Statement[] = []): Promise<Error | undefined> {
  let results: readonly StatementResult[];
  let lost: Error | undefined;
  try {
    results = await roundTrip(client, [...writes, COMMIT]);
  } catch (error) {
    const broken = brokenOff(error);
    // Nothing was sent; or what failed before COMMIT has kept it from being run; or COMMIT itself says that it failed.
    if (broken === undefined || (broken.failed !== undefined && broken.failed !== COMMIT)) throw error;
    if (broken.failed === COMMIT && provesRollback(error)) throw error;
    results = broken.results;
    lost = error as Error;
  }
  const tag = results[writes.length]?.tag;
  if (tag === "COMMIT") return lost;
  // So the server answers the COMMIT of a transaction that an error has aborted.
  if (tag === "ROLLBACK") throw new Error("the transaction was not committed: an error had aborted it");
  throw new CommitLost("the commit's answer was lost", { cause: lost });
}
