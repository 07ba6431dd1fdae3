/**
 * `node services/ops/secrets/main.ts FOLDER`: makes the secrets of docker-compose.yml, a file each: passwords, URLs of databases
 * and the service's keys. A file that is there is left alone.
 */

import { chmod } from "node:fs/promises";
import { makeSecrets } from "./make-secrets.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: node services/ops/secrets/main.ts FOLDER\n");
  process.exitCode = 1;
} else {
  // Below, others may read the files, because containers run as users that this machine does not know. So the folder must not let
  // others in: Docker may have made it, with the mode 0755.
  const made = await makeSecrets(folder);
  await chmod(folder, 0o700);
  process.stdout.write(
    made.length === 0 ? `${folder} has all secrets already\n` : `made ${made.join(", ")} in ${folder}\n`,
  );
}
