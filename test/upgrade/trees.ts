/** Two folders of code: the release before, taken from git, and this code with the migrations that docs/operations.md shows. */

import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";

export const PROJECT = resolve(import.meta.dirname, "../..");

/** Whether this clone has the commit: one that is shallow, or no clone at all, has not. */
export function isInClone(commit: string): boolean {
  return spawnSync("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: PROJECT }).status === 0;
}

/** Puts the code of a commit into `folder`. Throws where its packages are others than ours and cannot be installed. */
export async function checkOut(commit: string, folder: string): Promise<void> {
  await mkdir(folder);
  const archive = `${folder}.tar`;
  execFileSync("git", ["archive", "--output", archive, commit], { cwd: PROJECT });
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  if ((await packagesOf(folder)) === (await packagesOf(PROJECT))) {
    await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));
    return;
  }
  execFileSync("npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "pipe",
  });
}

/** Copies this code into `folder`, adds the examples, and returns their names as migrations. */
export async function copyWithExamples(folder: string): Promise<Record<"availability" | "booking", readonly string[]>> {
  await mkdir(folder);
  for (const part of ["services", "shared", "package.json"]) {
    await cp(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  await symlink(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  return { availability: await addExamples(folder, "availability"), booking: await addExamples(folder, "booking") };
}

async function packagesOf(folder: string): Promise<string> {
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as Lock;
  // The project's own version is no package.
  return JSON.stringify({ ...lock, version: "", packages: { ...lock.packages, "": {} } });
}

interface Lock {
  readonly version: string;
  readonly packages: Readonly<Record<string, object>>;
}

/** The page's blocks whose first line is the path of a migration. */
async function addExamples(folder: string, service: "availability" | "booking"): Promise<string[]> {
  const page = await readFile(join(PROJECT, "docs/operations.md"), "utf8");
  const blocks = page.matchAll(
    new RegExp(`^\`\`\`ts\\n// (services/${service}/storage/migrations/.+)\\n([^]*?)^\`\`\``, "gm"),
  );
  const migrations = join(folder, "services", service, "storage/migrations");
  await rename(join(migrations, "all.ts"), join(migrations, "all-before.ts"));
  const [imports, names]: [string[], string[]] = [[`import * as before from "./all-before.ts";`], []];
  for (const [, path = "", text = ""] of blocks) {
    const name = `example-${basename(path, ".ts")}`;
    await writeFile(join(migrations, `${name}.ts`), text);
    imports.push(`import * as example${names.length} from "./${name}.ts";`);
    names.push(name);
  }
  const list = names.map((name, at) => `{ name: "${name}", class: Object.values(example${at})[0] }`).join(", ");
  const all = `export const ${service}Migrations = [...before.${service}Migrations, ${list}];`;
  await writeFile(join(migrations, "all.ts"), [...imports, all, ""].join("\n"));
  return names;
}
