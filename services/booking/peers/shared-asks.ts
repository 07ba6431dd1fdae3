/** Questions to the peer that many callers have at once: asked once, for all who come while the answer is on its way. */

import { type Caller, unlessGone } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import { Refusal } from "../../../shared/errors.ts";
import { PEER_CALL_MAX_MS } from "./availability.ts";

/** Asks, and gives up after PEER_CALL_MAX_MS. */
export type Ask<T> = () => Promise<T>;

export interface SharedAsks<T> {
  /**
   * The answer to the question `key`, from an ask begun later than `newerThan` (on the scale of `monotonicMs`): one that is
   * under way, or a new one. Rejects as `ask` does, or with the signal's reason when the caller leaves.
   *
   * An ask has its own time and belongs to nobody: a caller's deadline ends that caller's wait and no more, so those who are
   * in a hurry share their asks like everybody else.
   */
  answer(key: string, newerThan: number, caller: Caller, ask: Ask<T>): Promise<T>;
  /** Asks ahead of need, unless the question is under way or `most` others are. Its failure is nobody's. */
  askAhead(key: string, most: number, ask: Ask<T>): void;
}

/**
 * An ask is joined in the first half of its time only. Whoever joined it in its last moments would share the failure of a
 * peer that may be back by now.
 */
export const JOINED_WITHIN_MS = PEER_CALL_MAX_MS / 2;

export function shareAsks<T>(): SharedAsks<T> {
  const underWay = new Map<string, { readonly begunAt: number; readonly answer: Promise<T> }>();

  function begin(key: string, ask: Ask<T>): Promise<T> {
    const begun = { begunAt: monotonicMs(), answer: ask() };
    underWay.set(key, begun);
    const done = (): void => {
      if (underWay.get(key) === begun) underWay.delete(key);
    };
    begun.answer.then(done, done);
    return begun.answer;
  }

  async function answer(key: string, newerThan: number, caller: Caller, ask: Ask<T>): Promise<T> {
    // Nothing is asked for a caller that has gone already.
    caller.signal.throwIfAborted();
    const arrived = monotonicMs();
    const joined = underWay.get(key);
    if (joined === undefined || joined.begunAt <= Math.max(newerThan, arrived - JOINED_WITHIN_MS)) {
      return unlessGone(begin(key, ask), caller);
    }
    try {
      return await unlessGone(joined.answer, caller);
    } catch (error) {
      // The question may be older than the user, who was created before this caller came.
      if (!(error instanceof Refusal) || error.reason !== "USER_NOT_FOUND") throw error;
      return answer(key, arrived, caller, ask);
    }
  }

  return {
    answer,
    askAhead(key, most, ask) {
      if (underWay.size >= most || underWay.has(key)) return;
      begin(key, ask).catch(() => undefined);
    },
  };
}
