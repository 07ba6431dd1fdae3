/**
 * A data folder whose last server was not stopped. Usually it is dead, and PostgreSQL itself cleans up; when it is alive,
 * either another `npm start` uses it, or its holder (main.ts) was killed as well and it is ended here.
 */

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { kill } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { StartFailure } from "../machine/failure.ts";
import { SUPERUSER } from "./cluster.ts";

/** Setting in which a server carries the process id of its holder. */
export const HOLDER_SETTING = "slotwright.holder";

/** A holder whose program has just been killed needs a moment to notice. */
const HOLDER_MS = 3000;
/** How long a server that is shutting down, or is told to, may take. */
const SHUTDOWN_MS = 20_000;
const POLL_MS = 50;

interface Left {
  readonly pid: number;
  readonly port: number;
}

/** Returns when no server uses the folder. Throws StartFailure when a running program does. */
export async function takeOver(folder: string, password: string): Promise<void> {
  const begun = performance.now();
  let told = false;
  for (let left = await leftServer(folder); left !== undefined; left = await leftServer(folder)) {
    const state = await stateOf(left, folder, password);
    if (state === "somebody else") {
      // After a restart of the machine the number may belong to any process. PostgreSQL would refuse to start.
      await rm(join(folder, "postmaster.pid"), { force: true });
      return;
    }
    const waited = performance.now() - begun;
    if (state === "held" && waited > HOLDER_MS)
      throw new StartFailure(`another start runs on ${folder}: stop it first`);
    if (state === "orphaned" && !told) {
      kill(left.pid, "SIGINT");
      told = true;
    }
    if (waited > SHUTDOWN_MS) throw new StartFailure(`the PostgreSQL of ${folder} (process ${left.pid}) does not end`);
    await pause(POLL_MS);
  }
}

/** What postmaster.pid says, if the process that it names is alive. */
async function leftServer(folder: string): Promise<Left | undefined> {
  const lines = (await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) ? { pid, port } : undefined;
}

function isAlive(pid: number): boolean {
  try {
    return kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

type State = "held" | "orphaned" | "changing" | "somebody else";

async function stateOf(left: Left, folder: string, password: string): Promise<State> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: left.port,
    user: SUPERUSER,
    password,
    database: "postgres",
    connectionTimeoutMillis: 1000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string; holder: string | null }>(
      "select current_setting('data_directory') as folder, current_setting($1, true) as holder",
      [HOLDER_SETTING],
    );
    if (rows[0]?.folder !== folder) return "somebody else";
    return isAlive(Number(rows[0].holder)) ? "held" : "orphaned";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // A server that lives listens, from its start to its end: if nothing listens, the number belongs to another process.
    return code === "ECONNREFUSED" ? "somebody else" : "changing";
  } finally {
    await client.end().catch(() => undefined);
  }
}
