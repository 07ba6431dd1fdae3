/**
 * What the trace of a call sees of a lane: how long its command waited for its batch, and the batch. A batch is the work of many
 * calls. It is a child of the first of them that is recorded, so that one booking alone is one trace, and linked with
 * all of them both ways.
 */

import type { Recording, Trace } from "../../../shared/trace.ts";

/** The waits of one command. */
export class LaneWait {
  readonly call: Recording;
  #wait: Recording | undefined;

  constructor(call: Recording) {
    this.call = call;
    this.#wait = call.begin("lane wait");
  }

  /** The command is in this batch now. */
  endWith(batch: Recording): void {
    this.#wait?.link(batch);
    this.end();
  }

  /** The command waits again, for a host that another transaction has locked. */
  waitApart(): void {
    this.end();
    this.#wait = this.call.begin("lane wait", { attributes: { "slotwright.host.locked": true } });
  }

  end(): void {
    this.#wait?.end();
    this.#wait = undefined;
  }
}

/** Undefined if nothing is recorded of the call: then nothing of this costs it anything. */
export function laneWaitOf(trace: Trace | undefined): LaneWait | undefined {
  return trace?.recording === undefined ? undefined : new LaneWait(trace.recording);
}

/** What of a command its batch's span tells. */
interface Waiting {
  readonly command: { readonly hostId: string };
  readonly wait: LaneWait | undefined;
}

/** Begins the span of a batch; undefined if none of its calls is recorded. */
export function beginBatch(batch: readonly Waiting[], attempt: number): Recording | undefined {
  const waits = batch.flatMap(({ wait }) => wait ?? []);
  const [first] = waits;
  if (first === undefined) return undefined;
  const attributes = {
    "slotwright.batch.commands": batch.length,
    "slotwright.batch.hosts": new Set(batch.map(({ command }) => command.hostId)).size,
    "slotwright.batch.attempt": attempt,
  };
  const recording = first.call.begin("batch", { attributes, links: waits.map(({ call }) => call) });
  for (const wait of waits) wait.endWith(recording);
  return recording;
}

/** Ends it. `locked`: the commands that another transaction has kept out. */
export function endBatch(recording: Recording | undefined, locked: readonly Waiting[]): void {
  recording?.note({ "slotwright.batch.locked": locked.length });
  recording?.end();
  for (const { wait } of locked) wait?.waitApart();
}
