/**
 * Settings that may lie in a file, because they are secret: `NAME_FILE` says where. Orchestrators hand secrets out as files.
 * The environment of a process shows in more places: in `docker inspect`, in /proc, in the reports of crashes.
 */

import { readFileSync } from "node:fs";
import { whyUnreadable } from "../unreadable.ts";

type Settings = Readonly<Record<string, string>>;

/** Settings that hold a password. */
const SECRET = /(?:^|_)DATABASE_URL$/;

export interface FromFiles {
  readonly values: Settings;
  /** What is wrong with a setting and its file, by the setting's name. Repeats nothing of a file. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Those of the settings `names` that `given` names a file of. The newline at the end of a file does not count. */
export function readSettingFiles(names: readonly string[], given: Settings): FromFiles {
  const values: Record<string, string> = {};
  const problems = new Map<string, string>();
  for (const name of names.filter((each) => SECRET.test(each))) {
    const variable = `${name}_FILE`;
    const path = given[variable];
    if (path === undefined) continue;
    if (given[name] !== undefined) {
      problems.set(name, `${name} and ${variable} must not both be set`);
      continue;
    }
    try {
      values[name] = readFileSync(path, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      problems.set(name, `${variable} must be a file that can be read: ${whyUnreadable(error, path)}`);
    }
  }
  return { values, problems };
}
