/**
 * One transaction over the commands of one or many hosts: lock, load, decide, write, commit. Two round trips, however many
 * commands there are.
 */

import type { PoolClient, QueryResult } from "pg";
import { HOST_LOCK_WAIT_MS } from "../../../shared/postgres/locks.ts";
import { inOnePacket } from "../../../shared/postgres/one-packet.ts";
import { isConnectionLost, sqlState } from "../../../shared/postgres/sqlstate.ts";
import type { BookingEvent } from "../domain/booking.ts";
import type { Command, Outcome } from "../domain/command.ts";
import { decide } from "../domain/decide.ts";
import { beginTrying, beginWaiting, readClock, type Sent } from "../storage/begin.ts";
import { finishLoad, sendLoad, sentOf } from "../storage/load.ts";
import { changesAnything, type HostWrites, sendWrites } from "../storage/write.ts";
import { type Pending, wantedOf } from "./pending.ts";

export interface BatchResult {
  /** Decided, and committed as far as there was something to write. */
  readonly decided: ReadonlyMap<Pending, Outcome>;
  /** Not touched, because somebody else holds the host's lock. */
  readonly locked: readonly Pending[];
  /** The hosts whose feed has grown. */
  readonly changedHosts: readonly string[];
}

/**
 * COMMIT was sent and the connection was lost before its answer. `witness` is an event that is stored if and only if the
 * batch was committed; a batch without events changes nothing that would be wrong twice.
 */
export class CommitUnknown extends Error {
  override readonly name = "CommitUnknown";
  readonly witness: BookingEvent | undefined;
  readonly result: BatchResult;

  constructor(cause: unknown, witness: BookingEvent | undefined, result: BatchResult) {
    super("the connection was lost during COMMIT", { cause });
    this.witness = witness;
    this.result = result;
  }
}

/**
 * Runs a batch on a pipelining connection. `try` leaves hosts that are locked aside; `wait` waits for the lock of the one
 * host of the batch and throws SQLSTATE 55P03 when it is not had in time.
 *
 * Throws CommitUnknown, or an error after which the transaction is certainly rolled back.
 */
export async function runBatch(
  client: PoolClient,
  batch: readonly Pending[],
  lock: "try" | "wait",
): Promise<BatchResult> {
  const byHost = Map.groupBy(batch, (pending) => pending.command.hostId);
  // Fences first: what they report has been read from the database, not from what this batch is about to write.
  for (const [hostId, pendings] of byHost) byHost.set(hostId, fencesFirst(pendings));
  const hostIds = [...byHost.keys()];

  const commands = batch.map((pending) => pending.command);
  const { begun, clock, load } = inOnePacket(client, () => ({
    begun: lock === "try" ? beginTrying(client, hostIds) : beginWaiting(client, hostIds[0] ?? "", HOST_LOCK_WAIT_MS),
    clock: readClock(client),
    load: sendLoad(client, hostIds, commands),
  }));
  await allOf([...begun, clock, ...sentOf(load)]);

  const lockedNow = new Set((await lastOf<LockRow>(begun)).filter((row) => row.locked).map((row) => row.host_id));
  const now = (await lastOf<{ now: number }>([clock]))[0]?.now ?? Number.NaN;
  const states = await finishLoad(load, hostIds);

  const decided = new Map<Pending, Outcome>();
  const locked: Pending[] = [];
  const writes: HostWrites[] = [];
  for (const [hostId, pendings] of byHost) {
    const state = states.get(hostId);
    if (state === undefined || !lockedNow.has(hostId)) {
      locked.push(...pendings);
      continue;
    }
    // From here to COMMIT nothing is waited for, so this is the last moment to drop what nobody waits for any more.
    const wanted = wantedOf(pendings);
    const { outcomes, ...decision } = decide(
      state,
      wanted.map((pending) => pending.command),
      now,
    );
    wanted.forEach((pending, index) => decided.set(pending, outcomes[index] as Outcome));
    if (changesAnything({ hostId, ...decision }, state)) writes.push({ hostId, ...decision });
  }
  const result = {
    decided,
    locked,
    changedHosts: writes.filter(({ events }) => events.length > 0).map(({ hostId }) => hostId),
  };
  await finish(client, writes, result);
  return result;
}

interface LockRow {
  readonly host_id: string;
  readonly locked: boolean;
}

/** Writes and commits in one round trip. Nothing to write: ends the transaction without one. */
async function finish(client: PoolClient, writes: readonly HostWrites[], result: BatchResult): Promise<void> {
  if (writes.length === 0) {
    await client.query("rollback");
    return;
  }
  const { sent, commit } = inOnePacket(client, () => ({
    sent: sendWrites(client, writes),
    commit: client.query("commit"),
  }));
  const settled = await Promise.allSettled([...sent, commit]);
  const failed = settled.find((each) => each.status === "rejected");
  // An error that the server sent for a write proves that the transaction is over: COMMIT then only rolls back.
  if (failed !== undefined && provesRollback(failed.reason)) throw failed.reason;
  if (failed !== undefined) throw new CommitUnknown(failed.reason, writes.flatMap(({ events }) => events)[0], result);
  const { command } = await commit;
  if (command !== "COMMIT") throw new Error(`the batch was not committed: ${command}`);
}

function provesRollback(error: unknown): boolean {
  return sqlState(error) !== undefined && !isConnectionLost(error);
}

function fencesFirst(pendings: readonly Pending[]): Pending[] {
  const isFence = ({ command }: { command: Command }): boolean => command.kind === "fence";
  return [...pendings.filter(isFence), ...pendings.filter((pending) => !isFence(pending))];
}

/** Waits until all of them are answered, so that none is left behind on the connection, then throws the first error. */
async function allOf(sent: readonly Sent[]): Promise<void> {
  const settled = await Promise.allSettled(sent);
  const failed = settled.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function lastOf<Row>(sent: readonly Sent[]): Promise<Row[]> {
  const result: QueryResult | undefined = await sent.at(-1);
  const rows: unknown[] = result?.rows ?? [];
  return rows as Row[];
}
