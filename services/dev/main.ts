/**
 * `npm start`: an embedded PostgreSQL, both services and something to try, with one command. `npm start -- --fresh` deletes
 * what it has stored and begins again.
 */

import { ConfigError } from "../../shared/service/config.ts";
import { readDevConfig } from "./config.ts";
import { StartFailure } from "./failure.ts";
import { run } from "./run.ts";

const PARENT_CHECK_MS = 500;

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());

// Nobody can pass on `kill -9`: that npm got it shows in who our parent is. (The script says `exec`, or that would be a
// shell, which does not pass on anything.)
const parent = process.ppid;
const watch = setInterval(() => {
  if (process.env["npm_lifecycle_event"] !== undefined && process.ppid !== parent) stop.abort();
}, PARENT_CHECK_MS);
watch.unref();

try {
  const unknown = process.argv.slice(2).filter((argument) => argument !== "--fresh");
  if (unknown.length > 0) throw new StartFailure(`unknown argument ${unknown.join(" ")}: there is only --fresh`);
  await run({
    config: readDevConfig(process.env),
    fresh: process.argv.includes("--fresh"),
    environment: process.env,
    signal: stop.signal,
    print: (text) => process.stdout.write(text),
  });
} catch (error) {
  // What somebody can put right is one line; what only we can put right is the whole of it.
  const expected = error instanceof StartFailure || error instanceof ConfigError;
  process.stderr.write(
    expected ? `npm start: ${error.message}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
