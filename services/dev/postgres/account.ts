/** The system account that PostgreSQL runs as: it refuses to run as root. */

import { execFile } from "node:child_process";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { StartFailure } from "../machine/failure.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Accounts that a machine has anyway: nothing is added to it. */
const CANDIDATES = ["postgres", "nobody"];

/** The account to switch to, or undefined where ours will do because we are not root. Throws StartFailure. */
export async function databaseAccount(): Promise<Account | undefined> {
  if (userInfo().uid !== 0) return undefined;
  for (const name of CANDIDATES) {
    const account = await find(name);
    if (account !== undefined) return account;
  }
  throw new StartFailure("PostgreSQL does not run as root, and there is no account postgres or nobody to run it as");
}

async function find(name: string): Promise<Account | undefined> {
  try {
    return { name, uid: await id("-u", name), gid: await id("-g", name) };
  } catch {
    // `id` fails for a name that is unknown.
    return undefined;
  }
}

async function id(flag: string, name: string): Promise<number> {
  const { stdout } = await promisify(execFile)("id", [flag, name]);
  return Number.parseInt(stdout, 10);
}
