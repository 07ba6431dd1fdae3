/**
 * Here a host waits while another transaction holds its lock, so that no lane waits. Each such host has a queue of its own. It
 * goes back to its lane when the lock is taken (or the wait has run out) and every command in its queue is answered.
 */

import { overloaded } from "../../../shared/errors.ts";
import type { Pending } from "./pending.ts";
import { type RunDeps, run } from "./run.ts";

export interface Apart {
  /** Whether the host waits here: its new commands must not overtake it on the lane. */
  has(hostId: string): boolean;
  add(pending: Pending): void;
  hostCount(): number;
  /** Resolves when nothing waits here. */
  idle(): Promise<void>;
}

/** `width`: how many hosts are waited for at a time, each on a connection. `queueMax`: commands per host, fences aside. */
export function openApart(deps: RunDeps, width: number, batchMax: number, queueMax: number): Apart {
  const queues = new Map<string, Pending[]>();
  const waiting: string[] = [];
  const running = new Set<Promise<void>>();

  function start(): void {
    while (running.size < width) {
      const hostId = waiting.shift();
      if (hostId === undefined) return;
      const serving = serve(hostId).finally(() => {
        running.delete(serving);
        start();
      });
      running.add(serving);
    }
  }

  /** One batch; then the host's next one is behind all the hosts that wait, or four busy ones would starve the others. */
  async function serve(hostId: string): Promise<void> {
    const queue = queues.get(hostId) ?? [];
    await run(deps, queue.splice(0, batchMax), "wait");
    if (queue.length === 0) queues.delete(hostId);
    else enqueue(hostId, queue[0]?.command.kind === "fence");
  }

  function enqueue(hostId: string, first: boolean): void {
    if (first) waiting.unshift(hostId);
    else waiting.push(hostId);
  }

  return {
    has: (hostId) => queues.has(hostId),
    add(pending) {
      const { hostId, kind } = pending.command;
      const queue = queues.get(hostId);
      if (queue === undefined) {
        queues.set(hostId, [pending]);
        enqueue(hostId, kind === "fence");
        start();
      } else if (kind === "fence") {
        queue.unshift(pending);
        // Its host passes the others that wait for a connection, too.
        const place = waiting.indexOf(hostId);
        if (place > 0) waiting.unshift(...waiting.splice(place, 1));
      } else if (queue.length < queueMax) {
        queue.push(pending);
      } else {
        pending.reject(overloaded());
      }
    },
    hostCount: () => queues.size,
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
