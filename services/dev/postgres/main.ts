/**
 * Holds one PostgreSQL server, as a process of its own between the server and the program that wants it. When that program
 * ends, however it ends, the channel to it closes and the server is shut down: `kill -9` leaves nothing behind.
 *
 * Started by start.ts, with a `PostmasterOptions` as its only argument.
 */

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { deleteCluster, logFile } from "./cluster.ts";
import { HOLDER_SETTING } from "./takeover.ts";
import type { PostmasterNews, PostmasterOptions } from "./start.ts";

const options = JSON.parse(process.argv[2] ?? "") as PostmasterOptions;

// A later start that finds the server asks it for this process, to learn whether anybody still uses it (takeover.ts).
const flags = [...options.flags, `-c${HOLDER_SETTING}=${process.pid}`];
const server = spawn(options.postgres, ["-D", options.folder, ...flags], {
  ...options.account,
  cwd: "/",
  stdio: ["ignore", "ignore", "pipe"],
});
const log = createWriteStream(logFile(options.folder), { flags: "a" });
let complaint = "it ended without a word";

server.stderr.setEncoding("utf8");
server.stderr.on("data", (output: string) => {
  log.write(output);
  const bad = output.split("\n").find((line) => /(FATAL|PANIC|WARNING): {2}/.test(line));
  if (bad !== undefined) complaint = bad.replace(/^.*?(FATAL|PANIC|WARNING): {2}/, "");
  // A standby takes read-only ones.
  if (/database system is ready to accept (read-only )?connections/.test(output)) {
    tell({ kind: "ready", pid: server.pid ?? 0 });
  }
});

server.on("error", (error) => {
  complaint = error.message;
});

server.on("close", () => {
  void finish();
});

// "Fast" shutdown: ends the connections, writes everything down, and goes.
process.on("disconnect", () => server.kill("SIGINT"));
process.on("SIGTERM", () => server.kill("SIGINT"));

async function finish(): Promise<void> {
  log.end();
  if (options.temporary) await deleteCluster(options.folder);
  tell({ kind: "ended", complaint });
  if (process.connected) process.disconnect?.();
}

function tell(news: PostmasterNews): void {
  if (process.connected) process.send?.(news);
}
