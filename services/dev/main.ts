/**
 * `npm start`: an embedded PostgreSQL, both services and something to try, with one command. `npm start -- --fresh` deletes
 * what it has stored and begins again.
 */

import { ConfigError } from "../../shared/service/config.ts";
import { readDevConfig } from "./config.ts";
import { StartFailure } from "./machine/failure.ts";
import { runPair } from "./run.ts";

const PARENT_CHECK_MS = 500;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

// npm cannot pass on a `kill -9`: when npm is killed, our parent process changes. (The script says `exec`, or the parent would be
// a shell, which passes on no signal.)
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.env["npm_lifecycle_event"] !== undefined && process.ppid !== parent) stop.abort();
}, PARENT_CHECK_MS);
watch.unref();

try {
  const unknown = process.argv.slice(2).filter((argument) => argument !== "--fresh");
  if (unknown.length > 0) throw new StartFailure(`unknown argument ${unknown.join(" ")}: there is only --fresh`);
  await runPair({
    config: readDevConfig(process.env),
    fresh: process.argv.includes("--fresh"),
    environment: process.env,
    signal: stop.signal,
    print: (text) => process.stdout.write(text),
  });
} catch (error) {
  // An error that the user can put right is one line; a bug of ours is shown whole.
  const expected = error instanceof StartFailure || error instanceof ConfigError;
  process.stderr.write(
    expected ? `npm start: ${error.message}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
