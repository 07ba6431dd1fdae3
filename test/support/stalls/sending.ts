/** Requests as the sender takes them, and what it tells of their answers. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Over HTTP/2, as gRPC. */
  readonly http2: boolean;
}

export interface Sent extends Outgoing {
  readonly id: number;
}

export interface Answered {
  /** Of HTTP, or of gRPC. 0: gRPC's OK, or no answer at all. */
  readonly status: number;
  /** Of headers, trailers and what was read of the body. */
  readonly bytes: number;
  /** The beginning of it. */
  readonly said: string;
}

export interface Sender {
  send(request: Outgoing): Promise<Answered>;
  stop(): Promise<unknown>;
}

export function startSender(): Sender {
  const child = fork(join(import.meta.dirname, "sender.ts"), { execArgv: [], serialization: "advanced" });
  const ended = once(child, "exit");
  const waiting = new Map<number, (answered: Answered) => void>();
  child.on("message", (message) => {
    const { id, ...answered } = message as Answered & { id: number };
    waiting.get(id)?.(answered);
    waiting.delete(id);
  });
  let count = 0;
  return {
    send(request) {
      count += 1;
      const { promise, resolve } = Promise.withResolvers<Answered>();
      waiting.set(count, resolve);
      child.send({ ...request, id: count } satisfies Sent);
      return promise;
    },
    stop() {
      child.disconnect();
      return ended;
    },
  };
}
