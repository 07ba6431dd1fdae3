/** Ready tokens for the people of the sample, for the commands of README.md. */

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DAY_MS } from "../../shared/time-units.ts";
import type { DevKeys } from "./keys.ts";
import type { Sample } from "./sample.ts";

/** Renewed at every start. */
const LIFETIME_SECONDS = (30 * DAY_MS) / 1000;

export const ADMIN = "admin@localhost";

export async function adminToken(keys: DevKeys): Promise<string> {
  return keys.sign({ role: "ADMIN", subject: ADMIN, lifetimeSeconds: LIFETIME_SECONDS });
}

/** Writes `host.token`, `guest.token` and `admin.token` into `folder`, readable by their owner only. */
export async function writeTokens(folder: string, keys: DevKeys, { subjects }: Sample): Promise<void> {
  const host = { role: "HOST", subject: subjects.host, lifetimeSeconds: LIFETIME_SECONDS } as const;
  const guest = { role: "USER", subject: subjects.guest, lifetimeSeconds: LIFETIME_SECONDS } as const;
  const tokens = { host: await keys.sign(host), guest: await keys.sign(guest), admin: await adminToken(keys) };
  for (const [name, token] of Object.entries(tokens)) {
    const path = join(folder, `${name}.token`);
    // A file that exists keeps its mode.
    await rm(path, { force: true });
    await writeFile(path, token, { mode: 0o600 });
  }
}
