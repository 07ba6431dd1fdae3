/**
 * Where the services of the tests log to: files of which global-setup.ts asserts, when all tests are over, that they hold no
 * secret.
 */

import type { ChildProcess } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { pid } from "node:process";
import { destination, type DestinationStream, type Logger } from "pino";
import { inject } from "vitest";
import { openLog } from "../../shared/log.ts";

/** As talkative as a service can be. */
export const TEST_LOG_LEVEL = "trace";

let file: DestinationStream | undefined;

/** The log of a service in this process. */
export function testLog(name: string): Logger {
  file ??= destination({ dest: join(inject("logFolder"), `${pid}.log`), sync: true });
  return openLog({ name, level: TEST_LOG_LEVEL }, file);
}

/** Keeps what a process writes; other readers get it as well. */
export function keepLog({ pid: id, stdout, stderr }: ChildProcess): void {
  for (const [name, output] of Object.entries({ stdout, stderr })) {
    output?.on("data", (chunk: Buffer) => appendFileSync(join(inject("logFolder"), `${id}.${name}`), chunk));
  }
}
