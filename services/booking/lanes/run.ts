/** Runs a batch to its end, through lost connections and failed commands, so that each of its commands gets an answer. */

import type { Pool } from "pg";
import type { Logger } from "pino";
import { Refusal, hostBusy } from "../../../shared/errors.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { queryOn } from "../../../shared/postgres/held-for.ts";
import { takeConnection } from "../../../shared/postgres/take-connection.ts";
import {
  databaseUnreachable,
  isConnectionLost,
  isTransient,
  outcomeUnknown,
  violatedConstraint,
} from "../../../shared/postgres/sqlstate.ts";
import type { Recording } from "../../../shared/trace.ts";
import type { HoldLimits } from "../domain/command.ts";
import { externalIdTaken, slotTaken } from "../domain/refusals.ts";
import { wasRecorded } from "../storage/witness.ts";
import { type BatchResult, CommitUnknown, runBatch } from "./batch.ts";
import type { LaneMeasures } from "./measures.ts";
import { type Pending, wantedOf } from "./pending.ts";
import { beginBatch, endBatch } from "./spans.ts";

export interface RunDeps {
  readonly pool: Pool;
  readonly log: Logger;
  readonly holdLimits: HoldLimits;
  readonly measures: LaneMeasures;
  /** Told after each commit which hosts' feeds have grown. */
  readonly onCommitted: (hostIds: readonly string[]) => void;
}

/** How often a batch whose rollback is proven is run again as it is, before it is taken apart. */
const ATTEMPTS_MAX = 3;

/** What a command is refused for that breaks a constraint, by its name. */
const refusalBy: Readonly<Record<string, () => Refusal>> = {
  bookings_no_overlap: slotTaken,
  bookings_external_id_key: externalIdTaken,
};

/** Runs a batch and answers its commands. Returns, unanswered, those whose host another transaction has locked. */
export async function run(
  deps: RunDeps,
  batch: readonly Pending[],
  lock: "try" | "wait",
  attempt = 1,
): Promise<readonly Pending[]> {
  const wanted = wantedOf(batch);
  if (wanted.length === 0) return [];
  const begunAt = monotonicMs();
  const recording = beginBatch(wanted, attempt);
  let result: BatchResult;
  try {
    result = await onConnection(deps, wanted, lock, recording);
    endBatch(recording, result.locked);
  } catch (error) {
    endBatch(recording, []);
    if (error instanceof CommitUnknown) return afterUnknownCommit(deps, error, wanted, lock, attempt);
    return afterRollback(deps, error, wanted, lock, attempt);
  } finally {
    deps.measures.ended(lock, begunAt);
  }
  return settle(deps, result);
}

function settle(deps: RunDeps, result: BatchResult): readonly Pending[] {
  for (const [pending, outcome] of result.decided) pending.resolve(outcome);
  deps.measures.stored(result.events);
  if (result.changedHosts.length > 0) deps.onCommitted(result.changedHosts);
  return result.locked;
}

/** Whatever is left of a transaction ends with its connection or with the rollback here. */
async function onConnection(
  deps: RunDeps,
  batch: readonly Pending[],
  lock: "try" | "wait",
  recording: Recording | undefined,
): Promise<BatchResult> {
  const client = await takeConnection(deps.pool, recording);
  let broken = true;
  try {
    const { result, lost } = await runBatch(client, batch, lock, deps.holdLimits);
    broken = lost !== undefined;
    return result;
  } catch (error) {
    if (!(error instanceof CommitUnknown) && !isConnectionLost(error)) {
      broken = await queryOn(client, "rollback").then(
        () => false,
        () => true,
      );
    }
    throw error;
  } finally {
    client.release(broken);
  }
}

/** The transaction is rolled back: nothing was changed. */
async function afterRollback(
  deps: RunDeps,
  error: unknown,
  batch: readonly Pending[],
  lock: "try" | "wait",
  attempt: number,
): Promise<readonly Pending[]> {
  // The pool gave no connection.
  if (error instanceof Refusal) return refuseAll(batch, () => error);
  if (isConnectionLost(error)) {
    deps.log.warn({ err: error }, "a batch lost its connection before the commit");
    // Nothing was sent that could be committed; perhaps only this connection was dead.
    if (attempt < ATTEMPTS_MAX) return run(deps, batch, lock, attempt + 1);
    return refuseAll(batch, () => databaseUnreachable(error));
  }
  if (isTransient(error)) {
    if (lock === "try" && attempt < ATTEMPTS_MAX) return run(deps, batch, lock, attempt + 1);
    return refuseAll(batch, (pending) => hostBusy(pending.command.hostId));
  }
  if (batch.length > 1) {
    // One command is at fault: halving the batch finds it and harms no neighbour. Order within a host is kept.
    const middle = batch.length >> 1;
    const first = await run(deps, batch.slice(0, middle), lock);
    return [...first, ...(await run(deps, batch.slice(middle), lock))];
  }
  const held = refusalBy[violatedConstraint(error) ?? ""];
  if (held !== undefined) {
    // The lock should have made this impossible, so it is a bug, or another program writes without the lock.
    deps.log.error({ err: error }, "the constraint held what the lock should have held");
    deps.measures.constraintHeld();
    return refuseAll(batch, held);
  }
  for (const pending of batch) pending.reject(error);
  return [];
}

/** Nothing is run again before it is known how the commit ended. */
async function afterUnknownCommit(
  deps: RunDeps,
  unknown: CommitUnknown,
  batch: readonly Pending[],
  lock: "try" | "wait",
  attempt: number,
): Promise<readonly Pending[]> {
  deps.log.warn({ err: unknown }, "a batch lost its connection during the commit");
  let committed: boolean;
  try {
    committed = await wasRecorded(deps.pool, unknown.hostId, unknown.witness);
  } catch (error) {
    deps.log.error({ err: error }, "could not find out how a commit ended");
    deps.measures.commitLost("nothing");
    return refuseAll(batch, () => outcomeUnknown(unknown));
  }
  deps.measures.commitLost(committed ? "committed" : "rolled back");
  if (committed) return settle(deps, unknown.result);
  if (attempt < ATTEMPTS_MAX) return run(deps, batch, lock, attempt + 1);
  // Without a witness, the last attempt may have been stored.
  return refuseAll(batch, () =>
    unknown.witness === undefined ? outcomeUnknown(unknown) : databaseUnreachable(unknown),
  );
}

function refuseAll(batch: readonly Pending[], refusal: (pending: Pending) => Error): [] {
  for (const pending of batch) pending.reject(refusal(pending));
  return [];
}
