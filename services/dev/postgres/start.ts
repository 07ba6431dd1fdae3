/** Starts and stops a PostgreSQL server of our own, for `npm start` and for the tests. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { StartFailure } from "../machine/failure.ts";
import { freePort } from "../machine/ports.ts";
import { type Account, databaseAccount } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import { deleteCluster, ensureCluster, logFile, readPassword, SUPERUSER } from "./cluster.ts";
import { takeOver } from "./takeover.ts";

/** What the process that holds the server (main.ts) is told ... */
export interface PostmasterOptions {
  readonly postgres: string;
  readonly folder: string;
  readonly flags: readonly string[];
  readonly account: Account | undefined;
  /** Whether the folder is deleted when the server has ended. */
  readonly temporary: boolean;
}

/** ... and what it tells. `complaint` is the server's last error. */
export type PostmasterNews =
  | { readonly kind: "ready"; readonly pid: number }
  | { readonly kind: "ended"; readonly complaint: string };

export interface Postgres {
  readonly port: number;
  /** Process id of the server itself, for tests that kill it. */
  readonly pid: number;
  /** Resolves when the server has ended, also if it ended by itself. */
  readonly ended: Promise<void>;
  /** Connection string of a database, as superuser. */
  url(database: string): string;
  /** Ends all connections and the server. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** The data folder: made at the first start. Its log and its password lie beside it. */
  readonly folder: string;
  /** Port on the loopback address; 0 for any free one. */
  readonly port: number;
  /** Settings of the server, such as `max_connections`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether the folder is deleted when the server has ended. */
  readonly temporary: boolean;
  /** The `node_modules` with the programs of another version than the project's own. */
  readonly packages?: string | undefined;
}

/** Another process may take a free port before the server has it. */
const PORT_ATTEMPTS = 3;

/** Starts a server. Throws StartFailure: one line that says what is in the way. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const account = await databaseAccount();
  const { initdb, postgres } = await findBinaries(account, options.packages);
  const password = await ensureCluster(options.folder, initdb, account);
  await takeOver(options.folder, password);
  for (let attempt = 1; ; attempt++) {
    const port = options.port === 0 ? await freePort() : options.port;
    const flags = Object.entries({ ...options.settings, ...listening(port) }).map(
      ([name, value]) => `-c${name}=${value}`,
    );
    const { folder, temporary } = options;
    const holder = hold({ postgres, folder, flags, account, temporary });
    const news = await firstNews(holder);
    if (news.kind === "ready") return running(holder, port, password, news.pid);
    if (options.port !== 0 || attempt === PORT_ATTEMPTS) {
      throw new StartFailure(`PostgreSQL does not start on port ${port}: ${news.complaint} (log: ${logFile(folder)})`);
    }
  }
}

/** Deletes all that a server has stored, unless one is running on it. Throws StartFailure. */
export async function deletePostgres(folder: string): Promise<void> {
  await takeOver(folder, await readPassword(folder));
  await deleteCluster(folder);
}

function listening(port: number): Record<string, string> {
  // No Unix socket: the path of its folder may be longer than the system allows.
  return { port: String(port), listen_addresses: "127.0.0.1", unix_socket_directories: "" };
}

function hold(options: PostmasterOptions): ChildProcess {
  const program = fileURLToPath(new URL("main.ts", import.meta.url));
  // Detached: Ctrl-C in a terminal goes to the whole process group, and would end the database before the services.
  return fork(program, [JSON.stringify(options)], { detached: true, execArgv: [] });
}

async function firstNews(holder: ChildProcess): Promise<PostmasterNews> {
  const news = new Promise<PostmasterNews>((resolve) => {
    holder.once("message", (message) => resolve(message as PostmasterNews));
  });
  const gone = once(holder, "exit").then((): PostmasterNews => ({ kind: "ended", complaint: "its holder ended" }));
  return Promise.race([news, gone]);
}

function running(holder: ChildProcess, port: number, password: string, pid: number): Postgres {
  const ended = new Promise<void>((resolve) => {
    if (holder.exitCode !== null) resolve();
    else holder.once("exit", () => resolve());
  });
  return {
    port,
    pid,
    ended,
    url: (database) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`,
    stop: async () => {
      holder.kill("SIGTERM");
      await ended;
    },
  };
}
