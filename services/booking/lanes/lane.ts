/** A queue of commands and the loop that commits all that has queued while the batch before was under way. */

import { overloaded } from "../../../shared/errors.ts";
import type { Apart } from "./apart.ts";
import type { Pending } from "./pending.ts";
import { type RunDeps, run } from "./run.ts";

export interface Lane {
  add(pending: Pending): void;
  /** How many commands wait. */
  queued(): number;
  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void>;
}

export function openLane(deps: RunDeps, apart: Apart, batchMax: number, queueMax: number): Lane {
  // Fences pass the queue and its limit: creates that wait behind a removal would starve the fence that frees them.
  const fences: Pending[] = [];
  const queue: Pending[] = [];
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    while (fences.length + queue.length > 0) {
      const batch = [...fences.splice(0), ...queue.splice(0, batchMax)];
      deps.measures.taken(batch);
      const onTime = batch.filter((pending) => !movedApart(pending));
      for (const pending of await run(deps, onTime, "try")) apart.add(pending);
    }
    working = undefined;
  }

  /** Sends a command whose host already waits apart after it. */
  function movedApart(pending: Pending): boolean {
    if (!apart.has(pending.command.hostId)) return false;
    apart.add(pending);
    return true;
  }

  return {
    add(pending) {
      if (pending.command.kind === "fence") fences.push(pending);
      else if (queue.length < queueMax) queue.push(pending);
      else return pending.reject(overloaded());
      working ??= work();
    },
    queued: () => fences.length + queue.length,
    async idle() {
      await working;
    },
  };
}
