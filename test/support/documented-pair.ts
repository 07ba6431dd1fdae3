/** What `npm start` runs, for the tests that paste commands out of a page: on free ports, with its files in a folder apart. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { portVariables } from "../../services/dev/config.ts";
import { freePort } from "../../services/dev/machine/ports.ts";
import { deletePostgres } from "../../services/dev/postgres/start.ts";
import { keepLog, TEST_LOG_LEVEL } from "./logs.ts";
import { START_MAX_MS, waitUntil } from "./waits.ts";

export interface DocumentedPair {
  /** The settings that it was started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** A command of a page, with the files of this start in it: they know its ports. */
  here(command: string): string;
  stop(): Promise<void>;
}

export async function startDocumentedPair(): Promise<DocumentedPair> {
  const folder = await mkdtemp(join(tmpdir(), "slotwright-documented-"));
  // The account that PostgreSQL runs as must get in.
  await chmod(folder, 0o755);
  const environment: Record<string, string> = { DEV_FOLDER: folder, LOG_LEVEL: TEST_LOG_LEVEL };
  for (const name of portVariables) environment[name] = String(await freePort());
  const started = spawn(process.execPath, [resolve(import.meta.dirname, "../../services/dev/main.ts")], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  keepLog(started);
  let printed = "";
  started.stdout.on("data", (piece) => (printed += String(piece)));
  await waitUntil(() => printed.includes("Ctrl-C stops all of it."), START_MAX_MS);
  return {
    environment,
    here: (command) => command.replaceAll(".dev/", `${folder}/`),
    async stop() {
      const ended = once(started, "exit");
      started.kill("SIGINT");
      await ended;
      await deletePostgres(join(folder, "postgres"));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
