/** Questions to the peer that many callers have at once: asked once, for all who come while the answer is on its way. */

import { type Caller, unlessGone, timeoutWithin } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { type Reason, Refusal } from "../../../shared/errors.ts";
import type { Trace } from "../../../shared/trace.ts";
import { PEER_CALL_MAX_MS } from "./availability.ts";

/** Asks, and gives up after `timeoutMs`. `trace`: of the caller who starts it, if one does. */
export type Ask<T> = (timeoutMs: number, trace?: Trace) => Promise<T>;

export interface SharedAsks<T> {
  /**
   * The answer to the question `key`, from an ask begun later than `newerThan` (on the scale of `monotonicMs`): one that is
   * under way, or a new one. Rejects as `ask` does, or with the signal's reason when the caller leaves.
   *
   * An ask may take as long as the caller who starts it has left, plus SHARED_GRACE_MS, so that callers just behind it with as
   * little time can join. A caller that leaves ends only its own wait.
   */
  answer(key: string, newerThan: number, caller: Caller, ask: Ask<T>): Promise<T>;
  /** Asks ahead of need, unless the question is under way or `most` others are. No caller sees its failure. */
  askAhead(key: string, most: number, ask: Ask<T>): void;
}

export const SHARED_GRACE_MS = 250;

/**
 * An ask with less time left is joined only by callers who have no more. Whoever joined it in its last moments would share
 * the failure of a peer that may be back by now.
 */
export const JOINED_WITH_MS = PEER_CALL_MAX_MS / 2;

const MAY_BE_OUTDATED: ReadonlySet<Reason> = new Set<Reason>(["USER_NOT_FOUND", "GUEST_DEACTIVATED"]);

interface UnderWay<T> {
  readonly begunAt: number;
  readonly endsAt: number;
  readonly answer: Promise<T>;
}

export function shareAsks<T>(): SharedAsks<T> {
  const underWay = new Map<string, UnderWay<T>>();

  function begin(key: string, ask: Ask<T>, timeoutMs: number, trace?: Trace): Promise<T> {
    const begunAt = monotonicMs();
    const begun = { begunAt, endsAt: begunAt + timeoutMs, answer: ask(timeoutMs, trace) };
    underWay.set(key, begun);
    const done = (): void => {
      if (underWay.get(key) === begun) underWay.delete(key);
    };
    begun.answer.then(done, done);
    return begun.answer;
  }

  async function answer(
    key: string,
    newerThan: number,
    caller: Caller,
    ask: Ask<T>,
    arrived = monotonicMs(),
  ): Promise<T> {
    // Nothing is asked for a caller that has gone already.
    caller.signal.throwIfAborted();
    const now = monotonicMs();
    const leftMs = timeoutWithin(caller.deadline, PEER_CALL_MAX_MS);
    const joined = underWay.get(key);
    const serves =
      joined !== undefined && joined.begunAt > newerThan && joined.endsAt - now >= Math.min(leftMs, JOINED_WITH_MS);
    if (!serves) {
      const timeoutMs = Math.min(leftMs + SHARED_GRACE_MS, PEER_CALL_MAX_MS);
      return unlessGone(begin(key, ask, timeoutMs, caller.trace), caller);
    }
    try {
      return await unlessGone(joined.answer, caller);
    } catch (error) {
      // The question may be older than the user, who was created (or made active again) before this caller came.
      if (!(error instanceof Refusal) || !MAY_BE_OUTDATED.has(error.reason) || joined.begunAt > arrived) throw error;
      return answer(key, arrived, caller, ask, arrived);
    }
  }

  return {
    answer,
    askAhead(key, most, ask) {
      if (underWay.size >= most || underWay.has(key)) return;
      begin(key, ask, PEER_CALL_MAX_MS).catch(() => undefined);
    },
  };
}
