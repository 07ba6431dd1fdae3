/** A log that a test can read. */

import { Writable } from "node:stream";
import type { Logger } from "pino";
import { openLog } from "../../shared/log.ts";
import { secretsIn } from "./secrets.ts";
import { TEST_LOG_LEVEL } from "./logs.ts";

export type LogLine = Readonly<Record<string, unknown>>;

export interface KeptLog {
  readonly log: Logger;
  /** All lines so far. */
  readonly lines: readonly LogLine[];
  /** The secrets in them, by kind. */
  readonly secrets: readonly string[];
}

export function keepLines(name: string): KeptLog {
  const lines: LogLine[] = [];
  const secrets: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const line = chunk.toString();
      secrets.push(...secretsIn(line));
      lines.push(JSON.parse(line) as LogLine);
      done();
    },
  });
  return { log: openLog({ name, level: TEST_LOG_LEVEL }, sink), lines, secrets };
}
