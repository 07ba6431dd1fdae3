/** Programs that some tests need beside npm's packages. `.ci/run` installs those that it can. */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

/** Where a program is, by PATH; undefined where it is not installed. */
export function programPath(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Says loudly which tests are skipped for want of programs. `what` ends the sentence, such as "the rules are not checked". */
export function saySkipped(missing: readonly string[], what: string): void {
  if (missing.length === 0) return;
  process.stderr.write(`\n*** No ${missing.join(" and no ")} here: ${what} (skipped). ***\n\n`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
