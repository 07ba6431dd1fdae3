/** The secrets of docker-compose.yml. */

import { randomBytes, randomUUID } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeKeyOnce, privateKeyFile, publicKeysFile } from "../../../shared/auth/make-key.ts";
import { serviceNames } from "../services.ts";

/** Where the databases are in the network of docker-compose.yml. */
const SERVER = "postgres:5432";
const PASSWORD_BYTES = 32;
/**
 * Containers run as users that the machine does not know, so that no owner fits all of them. A file that is mounted by itself is
 * read whatever its folder says, and the folder lets nobody in.
 */
const FILE_MODE = 0o444;

/** The users of the databases: who owns the tables, and who reads and writes rows. */
const roles = ["owner", "app"] as const;

/** Makes in `folder` what is missing, and returns the names of it. */
export async function makeSecrets(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeStandIns(folder);
  const made: string[] = [];
  /** The content of the file `name`, which is made of `content` unless it is there. */
  const keep = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    try {
      await writeFile(path, content, { flag: "wx" });
      await chmod(path, FILE_MODE);
      made.push(name);
      return content;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      return (await readFile(path, "utf8")).trim();
    }
  };
  await keep("postgres_password", password());
  for (const service of serviceNames) {
    for (const role of roles) {
      const user = `${service}_${role}`;
      const secret = await keep(`${user}_password`, password());
      await keep(`${user}_url`, `postgres://${user}:${encodeURIComponent(secret)}@${SERVER}/${service}`);
    }
    if (await makeKeyOnce(folder, service, `${service}-${randomUUID()}`)) made.push(`${service}.jwk`);
    for (const path of [privateKeyFile(folder, service), publicKeysFile(folder, service)]) await chmod(path, FILE_MODE);
  }
  return made;
}

/** An engine that is told to mount a file that is not there may make an empty folder of that name. No file could be made there. */
async function removeStandIns(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await rmdir(join(folder, entry.name));
  }
}

/** Of letters, digits, `-` and `_`, which mean nothing else in a URL. */
function password(): string {
  return randomBytes(PASSWORD_BYTES).toString("base64url");
}
