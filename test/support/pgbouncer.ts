/** PgBouncer before a server, as an operator may put it there. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { freePort } from "../../services/dev/machine/ports.ts";
import { databaseAccount } from "../../services/dev/postgres/account.ts";

/** Where the package of Debian puts it; undefined where it is not installed. */
export const pgbouncerPath = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].find((path) => existsSync(path));

export interface Pooler extends AsyncDisposable {
  /** A database of the server, by way of the pooler. */
  readonly url: string;
}

/** Starts it before the database of `url`. `settings` are lines of its section `[pgbouncer]`, such as `pool_mode = session`. */
export async function startPgbouncer(url: string, settings: readonly string[]): Promise<Pooler> {
  const server = new URL(url);
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "slotwright-pgbouncer-"));
  await chmod(folder, 0o755);
  const file = join(folder, "pgbouncer.ini");
  await writeFile(
    file,
    `[databases]
* = host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
max_client_conn = 200
${settings.join("\n")}
`,
  );
  const account = await databaseAccount();
  const program = spawn(pgbouncerPath ?? "pgbouncer", [file], { ...account, cwd: "/", stdio: "ignore" });
  const ended = once(program, "exit");
  await vi.waitFor(() => accepts(port), { timeout: 10_000, interval: 20 });
  const through = new URL(url);
  through.port = String(port);
  return {
    url: through.href,
    async [Symbol.asyncDispose]() {
      program.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function accepts(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
  } finally {
    socket.destroy();
  }
}
