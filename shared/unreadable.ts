/** Why a file of the settings cannot be read, in words for the operator. */

import { statSync } from "node:fs";
import { getegid, geteuid } from "node:process";

/**
 * What `error`, of reading the file at `path`, means. Of a file that this user may not read it says who may and what to do:
 * keys are often made by another user than the one that the services run as.
 */
export function whyUnreadable(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EISDIR") return "it is a folder";
  return code === "EACCES" ? whoMayRead(path) : message;
}

function whoMayRead(path: string): string {
  const own = `this process (uid ${geteuid?.() ?? "unknown"}, gid ${getegid?.() ?? "unknown"})`;
  try {
    const { uid, gid, mode } = statSync(path);
    const bits = (mode & 0o777).toString(8).padStart(4, "0");
    return (
      `${own} may not read it, because it belongs to uid ${uid} and gid ${gid} and has mode ${bits}: ` +
      `give it to the user of the process by chown, or let that user's group read it by chgrp and chmod g+r`
    );
  } catch {
    return `${own} may not enter a folder above it: let the user of the process enter by chmod +x`;
  }
}
