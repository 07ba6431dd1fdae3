/**
 * TEST_POSTGRES_VERSION: the major version of the PostgreSQL that the tests run on, 15 to 18. The project's own is 18. The
 * programs of the others are 60 MB each, so they are no dependencies of everybody: `test/postgres/` pins them, and they are
 * installed when a run asks for them.
 */

import { execFile } from "node:child_process";
import { cp, mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { env } from "node:process";
import { promisify } from "node:util";

const OWN = "18";
const OTHERS = new Set(["15", "16", "17"]);
const project = resolve(import.meta.dirname, "../..");

/** The other version that was asked for. Throws if there is none such. */
function otherVersion(): string | undefined {
  const version = env["TEST_POSTGRES_VERSION"] ?? "";
  if (version === "" || version === OWN) return undefined;
  if (!OTHERS.has(version)) throw new Error(`TEST_POSTGRES_VERSION must be ${[...OTHERS, OWN].join(", ")}`);
  return version;
}

function folderOf(version: string): string {
  return join(project, "node_modules/.cache", `postgres-${version}`);
}

/** Where the programs of the version are that was asked for; undefined: with the project's own packages. */
export function postgresPackages(): string | undefined {
  const version = otherVersion();
  return version === undefined ? undefined : join(folderOf(version), "node_modules");
}

/** Installs what was asked for, as its lockfile has it, unless that is there. */
export async function installPostgres(): Promise<void> {
  const version = otherVersion();
  if (version === undefined) return;
  const [pinned, folder] = [join(project, "test/postgres", version), folderOf(version)];
  const lockOf = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
  const installed = await lockOf(join(folder, "installed.json"));
  const wanted = await lockOf(join(pinned, "package-lock.json"));
  if (installed === wanted) return;
  await mkdir(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) await cp(join(pinned, file), join(folder, file));
  // Named: `npm test` has told all that it starts to work in the project.
  await promisify(execFile)("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund"], { cwd: folder });
  // Last: an installation that was broken off is done again.
  await cp(join(pinned, "package-lock.json"), join(folder, "installed.json"));
}
