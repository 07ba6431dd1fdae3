/**
 * One transaction over the commands of one or many hosts: lock, load, decide, write, commit. Two round trips, however many
 * commands there are.
 */

import type { PoolClient } from "pg";
import { commit, CommitLost } from "../../../shared/postgres/commit.ts";
import { queryOn } from "../../../shared/postgres/held-for.ts";
import { HOST_LOCK_WAIT_MS } from "../../../shared/postgres/locks.ts";
import { roundTrip } from "../../../shared/postgres/round-trip.ts";
import type { BookingEvent } from "../domain/booking.ts";
import type { Command, HoldLimits, Outcome } from "../domain/command.ts";
import { decide } from "../domain/decide.ts";
import { beginTrying, beginWaiting, type LockRow } from "../storage/begin.ts";
import { loadOf } from "../storage/load.ts";
import { changesAnything, type HostWrites, writesOf } from "../storage/write.ts";
import { type Pending, wantedOf } from "./pending.ts";

export interface BatchResult {
  /** Decided, and committed as far as there was something to write. */
  readonly decided: ReadonlyMap<Pending, Outcome>;
  /** Not touched, because another transaction holds the host's lock. */
  readonly locked: readonly Pending[];
  /** The hosts whose feed has grown, and by what. */
  readonly changedHosts: readonly string[];
  readonly events: readonly BookingEvent[];
}

/** COMMIT was sent and the connection was lost before its answer. */
export class CommitUnknown extends Error {
  override readonly name = "CommitUnknown";
  /** A host whose lock the batch holds until its end. */
  readonly hostId: string;
  /**
   * An event that is stored if and only if the batch was committed. Undefined: the batch has changed nothing that would be
   * wrong twice, and may be run again as soon as it has ended, whichever way. A remembered request then finds its answer, an
   * expired hold is expired, what is erased is gone, and a fence only raises the generation once more.
   */
  readonly witness: BookingEvent | undefined;
  readonly result: BatchResult;

  constructor(cause: unknown, writes: readonly HostWrites[], result: BatchResult) {
    super("the connection was lost during COMMIT", { cause });
    this.witness = witnessOf(writes);
    this.hostId = this.witness?.hostId ?? (writes[0] as HostWrites).hostId;
    this.result = result;
  }
}

/**
 * Runs a batch. `try` leaves hosts that are locked aside; `wait` waits for the lock of the one host of the batch and throws
 * SQLSTATE 55P03 when that takes too long. `lost`: the batch is committed, and its connection is gone.
 *
 * Throws CommitUnknown, or an error after which the transaction is certainly rolled back.
 */
export async function runBatch(
  client: PoolClient,
  batch: readonly Pending[],
  lock: "try" | "wait",
  holdLimits: HoldLimits,
): Promise<{ readonly result: BatchResult; readonly lost: Error | undefined }> {
  const byHost = Map.groupBy(batch, (pending) => pending.command.hostId);
  // Fences first: what they report has been read from the database, not from what this batch is about to write.
  for (const [hostId, pendings] of byHost) byHost.set(hostId, fencesFirst(pendings));
  const hostIds = [...byHost.keys()];

  const begin = lock === "try" ? beginTrying(hostIds) : beginWaiting(hostIds[0] ?? "", HOST_LOCK_WAIT_MS);
  const load = loadOf(
    hostIds,
    batch.map((pending) => pending.command),
  );
  // A trip of its own: that it was answered proves that the server holds the locks, and by them it can be found out later how
  // a COMMIT ended whose answer was lost (`whenEnded`).
  const results = await roundTrip(client, [...begin, ...load.statements]);
  const lockRows = results[begin.length - 1]?.rows as LockRow[];
  const lockedNow = new Set(lockRows.filter((row) => row.locked).map((row) => row.host_id));
  const { now, states } = load.read(results.slice(begin.length));

  const decided = new Map<Pending, Outcome>();
  const locked: Pending[] = [];
  const writes: HostWrites[] = [];
  for (const [hostId, pendings] of byHost) {
    const state = states.get(hostId);
    if (state === undefined || !lockedNow.has(hostId)) {
      locked.push(...pendings);
      continue;
    }
    // From here to COMMIT nothing is waited for, so this is the last moment to drop commands whose callers have left.
    const wanted = wantedOf(pendings);
    const { outcomes, ...decision } = decide(
      state,
      wanted.map((pending) => pending.command),
      now,
      holdLimits,
    );
    wanted.forEach((pending, index) => decided.set(pending, outcomes[index] as Outcome));
    if (changesAnything({ hostId, ...decision }, state)) writes.push({ hostId, ...decision });
  }
  const result = {
    decided,
    locked,
    changedHosts: writes.filter(({ events }) => events.length > 0).map(({ hostId }) => hostId),
    events: writes.flatMap(({ events }) => events),
  };
  const lost = await finish(client, writes, result);
  return { result, lost };
}

/** Writes and commits in one round trip. Nothing to write: ends the transaction without one. Returns as `commit` does. */
async function finish(
  client: PoolClient,
  writes: readonly HostWrites[],
  result: BatchResult,
): Promise<Error | undefined> {
  if (writes.length === 0) {
    await queryOn(client, "rollback");
    return undefined;
  }
  try {
    return await commit(client, writesOf(writes));
  } catch (error) {
    throw error instanceof CommitLost ? new CommitUnknown(error, writes, result) : error;
  }
}

/**
 * Preferably of a booking that is made here: no other replica knows its id, so none can write this event. Not the end of a
 * hold or an erasure, which every replica may record.
 */
function witnessOf(writes: readonly HostWrites[]): BookingEvent | undefined {
  const events = writes.flatMap((host) => host.events).filter(({ kind }) => kind !== "EXPIRED" && kind !== "ERASED");
  return events.find(({ booking }) => booking.version === 1) ?? events[0];
}

function fencesFirst(pendings: readonly Pending[]): Pending[] {
  const isFence = ({ command }: { command: Command }): boolean => command.kind === "fence";
  return [...pendings.filter(isFence), ...pendings.filter((pending) => !isFence(pending))];
}
