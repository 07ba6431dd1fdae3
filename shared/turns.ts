/** Lets one after another do something to the same thing, in this process. */

import { monotonicMs } from "./clock.ts";

export interface Turn {
  /** To be called when the holder makes progress: the limit on standing still begins anew for all behind it. */
  moved(): void;
  /** Gives the turn to the next. Calling it again does nothing. */
  release(): void;
}

export interface Turns {
  /**
   * The turn at `key`, first come, first served; keys do not wait for each other. Waits while the queue moves, and rejects when
   * `signal` aborts. "standstill": nothing has moved for `standstillMs`. "full": `waitingMax` others wait already.
   */
  take(key: string, signal: AbortSignal): Promise<Turn | "standstill" | "full">;
  /** How many keys have a holder. */
  keyCount(): number;
}

/** The calls that wait for the turn's holder. */
interface Queue {
  /** In order. Each is called once. */
  readonly waiting: Set<(turn: Turn) => void>;
  movedAt: number;
}

export function createTurns(limits: { readonly waitingMax: number; readonly standstillMs: number }): Turns {
  const { waitingMax, standstillMs } = limits;
  /** Of the keys that have a holder. A queue goes with its last holder, or every key ever seen would stay in memory. */
  const queues = new Map<string, Queue>();

  function turnAt(key: string, queue: Queue): Turn {
    let held = true;
    return {
      moved() {
        queue.movedAt = monotonicMs();
      },
      release() {
        if (!held) return;
        held = false;
        const [next] = queue.waiting;
        if (next === undefined) queues.delete(key);
        else {
          queue.waiting.delete(next);
          next(turnAt(key, queue));
        }
      },
    };
  }

  async function wait(queue: Queue, signal: AbortSignal): Promise<Turn | "standstill"> {
    const { promise, resolve, reject } = Promise.withResolvers<Turn | "standstill">();
    const leave = (): void => {
      queue.waiting.delete(resolve);
      reject(signal.reason);
    };
    const look = (): void => {
      // By its first look this caller itself has waited for `standstillMs`.
      const leftMs = queue.movedAt + standstillMs - monotonicMs();
      if (leftMs > 0) timer = setTimeout(look, leftMs);
      else if (queue.waiting.delete(resolve)) resolve("standstill");
    };
    let timer = setTimeout(look, standstillMs);
    queue.waiting.add(resolve);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    }
  }

  return {
    async take(key, signal) {
      signal.throwIfAborted();
      const queue = queues.get(key);
      if (queue !== undefined) return queue.waiting.size < waitingMax ? await wait(queue, signal) : "full";
      const mine = { waiting: new Set<(turn: Turn) => void>(), movedAt: monotonicMs() };
      queues.set(key, mine);
      return turnAt(key, mine);
    },
    keyCount: () => queues.size,
  };
}
