/** A command that waits for its batch, and the caller that waits for the command. */

import type { Caller } from "../../../shared/caller.ts";
import { monotonicMs } from "../../../shared/clock.ts";
import type { Command, Outcome } from "../domain/command.ts";
import { type LaneWait, laneWaitOf } from "./spans.ts";

export interface Pending {
  readonly command: Command;
  /** When it was given, on the scale of `monotonicMs`. */
  readonly since: number;
  readonly answer: Promise<Outcome>;
  /** Undefined: nothing is recorded of its call. */
  readonly wait: LaneWait | undefined;
  /** Whether the caller still waits. A command without a caller is not committed. */
  isWanted(): boolean;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** Those whose callers still wait. The others are given up here and never committed. */
export function wantedOf(batch: readonly Pending[]): Pending[] {
  return batch.filter((pending) => {
    if (pending.isWanted()) return true;
    pending.reject(new DOMException("the deadline passed before the commit", "TimeoutError"));
    return false;
  });
}

export function pend(command: Command, caller: Caller): Pending {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  // A caller that leaves ends only its own wait: the batch goes on without it.
  const leave = (): void => reject(caller.signal.reason);
  if (caller.signal.aborted) leave();
  else caller.signal.addEventListener("abort", leave, { once: true });
  const wait = laneWaitOf(caller.trace);
  const settle = (): void => {
    caller.signal.removeEventListener("abort", leave);
    wait?.end();
  };
  return {
    command,
    since: monotonicMs(),
    answer: promise,
    wait,
    isWanted: () => !caller.signal.aborted && monotonicMs() < caller.deadline,
    resolve: (outcome) => (settle(), resolve(outcome)),
    reject: (error) => (settle(), reject(error)),
  };
}
