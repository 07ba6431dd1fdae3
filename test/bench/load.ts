/** The load generator, a process of its own. Its calls are handed over before the clock starts. */

import { drive, type Effort, type Measured } from "./drive.ts";
import { type Calls, openCalls, type Protocol } from "./http2-calls.ts";
import { openHttp1Calls } from "./http1-calls.ts";
import { answerQuestions } from "./worker.ts";

export interface Load {
  /** `host:port` */
  readonly address: string;
  /** `json`: HTTP/1.1. */
  readonly protocol: Protocol | "json";
  readonly path: string;
  readonly token: string;
  readonly connections: number;
  /** One for each call, or a single one that is sent over and over. */
  readonly messages: readonly Uint8Array[];
}

export type LoadQuestion = { readonly prepare: Load } | { readonly go: Effort };

let prepared: { readonly load: Load; readonly calls: Calls } | undefined;

answerQuestions(async (question: LoadQuestion): Promise<Measured | undefined> => {
  if ("prepare" in question) {
    const { address, protocol, connections, token } = question.prepare;
    const calls =
      protocol === "json"
        ? openHttp1Calls(address, connections, token)
        : await openCalls(address, protocol, connections, token);
    prepared = { load: question.prepare, calls };
    return undefined;
  }
  if (prepared === undefined) throw new Error("nothing is prepared");
  const { load, calls } = prepared;
  const { path, messages } = load;
  const measured = await drive(
    (number) => calls.send(path, messages[number % messages.length] as Uint8Array),
    question.go,
  );
  await calls.close();
  return measured;
});
