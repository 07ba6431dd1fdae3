/**
 * What a connection is held for: its statements are spans below that. Whoever takes a connection says so once, and each statement
 * on it, however it is run, finds it by the connection.
 *
 * One span is one round trip, however many statements it has: they come back together, and the time of each cannot be told.
 * It has their names, which each prepared statement has one of, and never a text or a value.
 */

import type { ClientBase, QueryConfig, QueryResult, QueryResultRow } from "pg";
import type { Recording } from "../trace.ts";
import { sqlState } from "./sqlstate.ts";

const heldFor = new WeakMap<ClientBase, Recording>();

/** To be called whenever a connection is taken. Undefined: nothing of it is recorded. */
export function holdFor(client: ClientBase, recording: Recording | undefined): void {
  if (recording === undefined) heldFor.delete(client);
  else heldFor.set(client, recording);
}

/** One statement, by the driver's own `query`. */
export function queryOn<Row extends QueryResultRow>(
  client: ClientBase,
  statement: QueryConfig | string,
): Promise<QueryResult<Row>> {
  return recorded(
    client,
    () => [nameOf(statement)],
    () => client.query<Row>(statement),
  );
}

/** Settles as `run` does, which is one round trip of the named statements. */
export function recorded<T>(client: ClientBase, names: () => readonly string[], run: () => Promise<T>): Promise<T> {
  const recording = heldFor.get(client);
  return recording === undefined ? run() : recordTrip(recording, names(), run);
}

async function recordTrip<T>(recording: Recording, names: readonly string[], run: () => Promise<T>): Promise<T> {
  const summary = names.join(", ");
  const span = recording.begin(summary, {
    kind: "client",
    attributes: {
      "db.system.name": "postgresql",
      "db.query.summary": summary,
      ...(names.length > 1 ? { "db.operation.batch.size": names.length } : {}),
    },
  });
  try {
    return await run();
  } catch (error) {
    const state = sqlState(error);
    span.note({
      "error.type": state ?? "connection",
      ...(state === undefined ? {} : { "db.response.status_code": state }),
    });
    throw error;
  } finally {
    span.end();
  }
}

/** Of a statement that has no name, what it does: `select users`, `begin`. The text itself is ours, and has no values in it. */
function nameOf(statement: QueryConfig | string): string {
  const { name, text } = typeof statement === "string" ? { name: undefined, text: statement } : statement;
  if (name !== undefined) return name;
  const verb = /[a-z]+/i.exec(text)?.[0].toLowerCase() ?? "statement";
  const table = /\b(?:from|into|update) "?([a-z_]+)/i.exec(text)?.[1];
  return table === undefined ? verb : `${verb} ${table}`;
}
