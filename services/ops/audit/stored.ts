/** Reading a whole database, a piece at a time. */

import type { Client, QueryResultRow } from "pg";
import { PrimaryClient } from "../../../shared/postgres/primary-client.ts";

/** Rows that are in memory at once. */
const ROWS_PER_FETCH = 5000;

/** Connects for reading only. The connection is never idle for long, but a query over everything may take its time. */
export async function connectForReading(url: string): Promise<Client> {
  const client = new PrimaryClient({
    connectionString: url,
    application_name: "slotwright-audit",
  });
  // The query that is under way rejects as well; without a listener, the event would end the process first.
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ is_standby: boolean }>("select pg_is_in_recovery() as is_standby");
  if (rows[0]?.is_standby !== false) {
    await client.end();
    throw new Error("the server is a standby, which may not have heard of everything yet: name the primary");
  }
  await client.query(
    "set default_transaction_read_only = on; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0",
  );
  return client;
}

/** Runs `work` on one moment of the database, however long it takes: what is committed meanwhile is not seen. */
export async function* atOneMoment<T>(client: Client, work: () => AsyncGenerator<T>): AsyncGenerator<T> {
  await client.query("begin isolation level repeatable read read only");
  yield* work();
  await client.query("commit");
}

/** The rows of a query in batches, by a cursor of the transaction that the client is in. One query at a time. */
export async function* inBatches<Row extends QueryResultRow>(client: Client, query: string): AsyncGenerator<Row[]> {
  await client.query(`declare audit no scroll cursor for ${query}`);
  for (;;) {
    const { rows } = await client.query<Row>(`fetch ${ROWS_PER_FETCH} from audit`);
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query("close audit");
}
