/** Processes of the bench, asked from the one that prints the table. One question at a time. */

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Worker {
  readonly pid: number;
  /** Rejects with the worker's error, or if the worker ends. */
  ask<Answer>(question: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

type Reply = { readonly answer: unknown } | { readonly error: string };

/** Starts a program of this folder. It ends by itself when this process does. */
export function startWorker(program: string): Worker {
  const child = fork(join(import.meta.dirname, program), { execArgv: [], serialization: "advanced" });
  const ended = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    async ask<Answer>(question: unknown): Promise<Answer> {
      child.send(question as object);
      const gone = ended.then((): [Reply] => [{ error: "it ended" }]);
      const [reply] = (await Promise.race([once(child, "message"), gone])) as [Reply];
      if ("error" in reply) throw new Error(`${program}: ${reply.error}`);
      return reply.answer as Answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The other side, in the worker: answers each question, and ends with its parent. */
export function answerQuestions(answer: (question: never) => Promise<unknown>): void {
  process.on("message", (question) => {
    answer(question as never).then(
      (value) => process.send?.({ answer: value }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on("disconnect", () => process.exit());
}
