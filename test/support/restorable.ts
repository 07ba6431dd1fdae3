/** Databases that go back in time under running services. */

import { onServer } from "./server.ts";

export interface Backup {
  /**
   * Puts the database back to what it was. Services lose their connections, and find their way back by themselves. `closed`:
   * it takes no writes until `open`.
   */
  restore(how?: "closed"): Promise<void>;
  open(): Promise<void>;
}

/** Keeps a copy of a database as it is now. Services lose their connections to it for a moment. */
export async function backUp(url: string): Promise<Backup> {
  const name = new URL(url).pathname.slice(1);
  const copy = `${name}_backup`;
  await onOther(url, async (admin) => {
    // Only a database without connections can be copied, and services come back at once.
    await admin(`alter database ${name} allow_connections false`);
    await admin(`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`);
    await admin(`create database ${copy} template ${name}`);
    await admin(`alter database ${name} allow_connections true`);
  });
  return {
    restore: (how) =>
      onOther(url, async (admin) => {
        if (how === "closed") await admin(`alter database ${copy} set default_transaction_read_only = on`);
        await admin(`drop database ${name} with (force)`);
        await admin(`alter database ${copy} rename to ${name}`);
        await admin(`alter database ${name} allow_connections true`);
      }),
    open: () =>
      onOther(url, async (admin) => void (await admin(`alter database ${name} reset default_transaction_read_only`))),
  };
}

async function onOther<T>(url: string, work: (admin: (sql: string) => Promise<unknown>) => Promise<T>): Promise<T> {
  const other = new URL(url);
  other.pathname = "/postgres";
  return onServer(other.href, (client) => work((sql) => client.query(sql)));
}
