/** The only way to change a host's availability. */

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { ClientBase, Pool } from "pg";
import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { overloaded, Refusal, hostBusy } from "../../../shared/errors.ts";
import { FIND_OUT_WITHIN_MS, whenEnded } from "../../../shared/postgres/find-out.ts";
import { lockHost } from "../../../shared/postgres/locks.ts";
import { isConflict, isTransient } from "../../../shared/postgres/sqlstate.ts";
import { transaction } from "../../../shared/postgres/transaction.ts";
import type { Release, Semaphore } from "../../../shared/semaphore.ts";
import { recordWait } from "../../../shared/trace.ts";
import type { Turns } from "../../../shared/turns.ts";
import { findHost, type Host, type Run, runOn } from "./hosts.ts";
import { lockWaitMs, PERMIT_STANDSTILL_MS } from "./lock-wait.ts";
import { type HostRequest, rememberAnswer, rememberedAnswer } from "./requests.ts";

/** A transaction that holds the host's lock. */
export interface HostTransaction {
  readonly run: Run;
  /** As it is under the lock. */
  readonly host: Host;
}

export interface ChangeDeps {
  readonly pool: Pool;
  readonly turns: Turns;
  /** Told how long a change waited until it had its host's lock, in milliseconds. */
  readonly locked?: (waitedMs: number) => void;
}

/**
 * Runs `change` in a transaction that holds the host's exclusive lock, and remembers its answer with the `request_id` in
 * the same transaction; a call that was answered before gets that answer, and `change` does not run.
 *
 * "The exceptions of a host are merged, with one slot duration" holds because every change reads what it decides on here,
 * after the lock. Should that fail, the constraints of the table refuse what would break it. A change that throws, or whose
 * caller has left, is rolled back.
 *
 * `permits` limits how many of such changes have a connection at a time, whatever their hosts.
 *
 * Throws Refusal USER_NOT_FOUND, NOT_A_HOST, REQUEST_ID_REUSED, BUSY, OVERLOADED, OUTCOME_UNKNOWN, and what `change` throws.
 */
export async function changeHost<Done, Message extends DescMessage>(
  { pool, turns, locked = noMeasure }: ChangeDeps,
  request: HostRequest<Done, Message>,
  caller: Caller,
  change: (under: HostTransaction) => Promise<Done>,
  permits?: Semaphore,
): Promise<MessageShape<Message>> {
  const { hostId } = request;
  const arrived = monotonicMs();
  // Before a permit and a connection are taken: changes of one host that wait for its lock would otherwise have them all,
  // and no other host could even be looked at.
  const turn = await recordWait(caller.trace, "turn wait", () => turns.take(hostId, caller.signal));
  if (turn === "standstill") throw hostBusy(hostId);
  if (turn === "full") throw overloaded();
  let leave: Release | undefined;
  const work = async (client: ClientBase): Promise<MessageShape<Message>> => {
    await lockHost(client, hostId, "exclusive", lockWaitMs(caller));
    turn.moved();
    locked(monotonicMs() - arrived);
    const run = runOn(client);
    const remembered = await rememberedAnswer(run, request);
    if (remembered !== undefined) return remembered;
    const host = await findHost(run, hostId);
    const answer = await rememberAnswer(client, request, await change({ run, host }));
    // The last moment at which a call that was given up can still become one that never happened.
    caller.signal.throwIfAborted();
    return answer;
  };
  try {
    if (permits !== undefined) {
      const acquire = (): Promise<Release | undefined> => permits.acquire(PERMIT_STANDSTILL_MS, caller.signal);
      leave = await recordWait(caller.trace, "permit wait", acquire);
      if (leave === undefined) throw tooManyUnderWay();
    }
    const findOut = request.key === undefined ? undefined : () => committedAnswer(pool, request, caller);
    return await transaction(pool, work, { findOut, trace: caller.trace });
  } catch (error) {
    throw isCollision(error) ? collision(hostId, error) : error;
  } finally {
    leave?.();
    turn.release();
  }
}

/**
 * What a change with a `request_id` was committed with, though the answer to its commit was lost; undefined if it was not. The
 * stored answer may be a twin's (the same request sent twice): it is the right answer for both. `work` took the host's lock
 * first, so what is seen here is final: see `whenEnded`. Without a `request_id` there is no row to look for.
 */
async function committedAnswer<Done, Message extends DescMessage>(
  pool: Pool,
  request: HostRequest<Done, Message>,
  caller: Caller,
): Promise<MessageShape<Message> | undefined> {
  const withinMs = Math.min(FIND_OUT_WITHIN_MS, caller.deadline - monotonicMs());
  return await whenEnded(pool, request.hostId, (client) => rememberedAnswer(runOn(client), request), withinMs);
}

function noMeasure(): void {}

/** Somebody changed the host without its lock. The transaction is rolled back, and the same call may well succeed. */
function isCollision(error: unknown): boolean {
  return isTransient(error) || isConflict(error);
}

function collision(hostId: string, cause: unknown): Error {
  const refusal = hostBusy(hostId);
  refusal.cause = cause;
  return refusal;
}

function tooManyUnderWay(): Refusal {
  return new Refusal("BUSY", "too many such changes are under way; nothing was changed, send the same call again", {
    retryAfterMs: 1000,
  });
}
