/** A second opinion on the row `echo-grpc` by a load generator that is not ours: h2load of nghttp2, where it is installed. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ECHO_PATH, echoMessage } from "./messages.ts";
import type { Stage } from "./stage.ts";

const CALLS = 50_000;
/** Connections, and calls at once on each: as many as the row's. */
const CONNECTIONS = 8;
const CALLS_AT_ONCE = 32;

const HEADERS = ["content-type: application/grpc+proto", "te: trailers"];

/** Calls per second of the echo as h2load counts them; undefined if it is not installed. Throws if not all were answered. */
export async function h2loadEcho(stage: Stage): Promise<number | undefined> {
  await using scope = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "slotwright-bench-h2load-"));
  scope.defer(() => rm(folder, { recursive: true }));
  const body = join(folder, "message");
  await writeFile(body, echoMessage("grpc"));
  const headers = HEADERS.flatMap((header) => ["-H", header]);
  const load = ["-n", String(CALLS), "-c", String(CONNECTIONS), "-m", String(CALLS_AT_ONCE), "-d", body];
  const said = await promisify(execFile)("h2load", [
    ...load,
    ...headers,
    `http://${stage.booking.grpc}${ECHO_PATH}`,
  ]).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (said === undefined) return undefined;
  const answered = Number(/status codes: (\d+) 2xx/.exec(said.stdout)?.[1]);
  if (answered !== CALLS) throw new Error(`h2load had ${answered} of ${CALLS} calls answered:\n${said.stdout}`);
  return Number(/([\d.]+) req\/s/.exec(said.stdout)?.[1]);
}
