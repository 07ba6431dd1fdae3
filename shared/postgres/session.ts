/**
 * What a connection must be before anything is asked by it: a session of its own, with our settings, on a server that takes
 * writes.
 */

import type { Client, ClientBase, ClientConfig, Pool } from "pg";
import { CONNECT_TIMEOUT_MS, PrimaryClient } from "./primary-client.ts";
import { IS_READ_ONLY } from "./read-only.ts";
import { read, type Reader } from "./read.ts";
import { ReadOnlyServer } from "./sqlstate.ts";

/** Names and values of the server's settings, as `set` has them. */
export type SessionSettings = Readonly<Record<string, string>>;

/**
 * For a pool's `onConnect`, which is awaited: gives each new connection its settings, and throws ReadOnlyServer where the
 * server takes no writes, so that the connection is not used and the next one may find the new primary. No server becomes a
 * standby under an open connection, because it must restart for that.
 *
 * The settings are no startup parameters: PgBouncer refuses those that it does not know. (The pool awaits what its hook
 * returns; its types say that it returns nothing.)
 */
export function prepareSession(settings: SessionSettings): (client: ClientBase) => unknown {
  return async (client: ClientBase): Promise<void> => {
    const query = {
      text: `select pg_backend_pid() as pid, ${IS_READ_ONLY} as is_read_only,
                    (select count(set_config(name, value, false))
                     from unnest($1::text[], $2::text[]) as setting (name, value))`,
      values: [Object.keys(settings), Object.values(settings)],
      // Known to the driver, and not to its types. A server that accepts and says nothing is out of reach.
      query_timeout: CONNECT_TIMEOUT_MS,
    };
    const { rows } = await client.query<{ pid: number; is_read_only: boolean }>(query);
    if (rows[0]?.is_read_only !== false) throw new ReadOnlyServer();
    // What a query is cancelled by (`read`, MikroORM). Behind a pooler the driver has been told a number that it made up.
    Object.assign(client, { processID: rows[0].pid });
  };
}

/** For readiness: true, or it throws Refusal BUSY or ReadOnlyServer. */
export async function isWritable(pool: Pool, caller: Reader): Promise<boolean> {
  const [row] = await read<{ is_read_only: boolean }>(pool, { text: `select ${IS_READ_ONLY} as is_read_only` }, caller);
  if (row?.is_read_only !== false) throw new ReadOnlyServer();
  return true;
}

/** In two rounds every idle connection of a pooler is given out anew, in whatever order it does so; the others are for luck. */
const ROUNDS = 5;

/**
 * Throws an Error to show to the operator where two connections are not two sessions of the server: a pooler in between
 * gives each transaction, or each statement, whatever session is free. Prepared statements, settings and locks of a session
 * would be anybody's, and notifications would not come.
 *
 * Each connection must have the same session of the server throughout, and no other may have it. It asks by connections of
 * its own and sets nothing: on shared sessions, that would be set for strangers. A pooler that hands out what it got back
 * last gives the second connection what the first one had; one that hands out what it got back first gives the first
 * connection another one while the second one keeps one busy; and one that has only two free has given each to each after
 * two rounds. On a busy pooler strangers come in between, so that each of the questions may have another answer.
 */
export async function assertOwnSessions(connection: ClientConfig): Promise<void> {
  const [first, second] = [await openClient(connection), await openClient(connection)];
  try {
    const [firstPid, secondPid] = [await backendOf(first), await backendOf(second)];
    if (firstPid === secondPid) throw sharedSessions();
    const assertSame = async (): Promise<void> => {
      if ((await backendOf(first)) !== firstPid || (await backendOf(second)) !== secondPid) throw sharedSessions();
    };
    for (let round = 1; round <= ROUNDS; round += 1) {
      await second.query("begin");
      await assertSame();
      await first.query("begin");
      await assertSame();
      await first.query("rollback");
      await second.query("rollback");
      await assertSame();
    }
  } finally {
    await Promise.allSettled([first.end(), second.end()]);
  }
}

async function openClient(connection: ClientConfig): Promise<Client> {
  const client = new PrimaryClient({
    ...connection,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  // The query that is under way rejects as well; without a listener the event would end the process.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function backendOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid;
}

/** Says nothing of connections, or it would be taken for the loss of one (`isConnectionLost`). */
function sharedSessions(): Error {
  return new Error(
    "a pooler in front of the database shares its sessions among its clients (PgBouncer: pool_mode transaction or " +
      "statement): let it pool by session, or name PostgreSQL itself",
  );
}
