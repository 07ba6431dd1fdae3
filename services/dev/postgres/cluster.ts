/** A PostgreSQL data folder: made once, used by every later start. */

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { StartFailure } from "../machine/failure.ts";
import type { Account } from "./account.ts";

/** The version of PostgreSQL that knows characters by itself. Those before take C for ASCII, which only tests see. */
const BUILTIN_SINCE = 17;

/** Name of the superuser in every data folder that is made here. */
export const SUPERUSER = "postgres";

/** Beside the data, so that PostgreSQL's folder stays as it wants it. */
function passwordFile(folder: string): string {
  return `${folder}.password`;
}

/** Where the server's messages go. */
export function logFile(folder: string): string {
  return `${folder}.log`;
}

/** Deletes all that belongs to a data folder whose server has ended. */
export async function deleteCluster(folder: string): Promise<void> {
  for (const path of [folder, logFile(folder), passwordFile(folder)]) await rm(path, { recursive: true, force: true });
}

/**
 * Makes the data folder unless it is there, and returns the superuser's password. Throws StartFailure.
 *
 * The password is random, though the server listens on loopback only: a superuser of a database can run programs
 * as the account that it runs as.
 */
export async function ensureCluster(folder: string, initdb: string, account: Account | undefined): Promise<string> {
  if (!(await exists(join(folder, "PG_VERSION")))) await create(folder, initdb, account);
  return readPassword(folder);
}

/** The superuser's password; empty where there is no cluster. */
export async function readPassword(folder: string): Promise<string> {
  return readFile(passwordFile(folder), "utf8").catch(() => "");
}

async function create(folder: string, initdb: string, account: Account | undefined): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  // Made aside and renamed when whole: a start that is killed half-way leaves no folder that looks like a database.
  const unfinished = await mkdtemp(`${folder}.new-`);
  try {
    await writeFile(passwordFile(folder), randomBytes(16).toString("hex"), { mode: 0o600 });
    if (account !== undefined) {
      await chown(unfinished, account.uid, account.gid);
      await chown(passwordFile(folder), account.uid, account.gid);
    }
    const run = promisify(execFile);
    const { stdout: version } = await run(initdb, ["--version"], { ...account, cwd: "/" });
    await run(
      initdb,
      [
        `--pgdata=${unfinished}`,
        `--username=${SUPERUSER}`,
        `--pwfile=${passwordFile(folder)}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        // The same order of text and the same messages on every machine.
        "--locale=C",
        ...(majorOf(version) >= BUILTIN_SINCE ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : []),
      ],
      { ...account, cwd: "/" },
    );
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw new StartFailure(`PostgreSQL's data folder ${folder} cannot be made: ${lastLine(error)}`, { cause: error });
  }
}

/** Such as 18 of `initdb (PostgreSQL) 18.4`. */
function majorOf(version: string): number {
  return Number.parseInt(/\d+/.exec(version)?.[0] ?? "", 10);
}

function lastLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const output = "stderr" in error && error.stderr !== "" ? String(error.stderr) : error.message;
  return output.trim().split("\n").at(-1) ?? "";
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
