/** Rows in bulk: COPY, for which the driver has the messages and no function. */

import type { Client, Connection, Submittable } from "pg";

/** The part of the driver's connection that its types leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Lines are sent by so many, so that neither side holds all of them. */
const LINES_PER_CHUNK = 1000;

/**
 * Stores rows in a table: `columns` is what COPY takes, such as `bookings (id, state)`, each line is one row in COPY's
 * text format, with tabs between the columns.
 */
export async function copyInto(client: Client, columns: string, lines: Iterable<string>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure: Error | undefined;
  const copy = {
    submit: (connection: Connection) => connection.query(`copy ${columns} from stdin`),
    handleCopyInResponse(connection: CopyConnection) {
      for (const chunk of chunksOf(lines)) connection.sendCopyFromChunk(Buffer.from(chunk));
      connection.endCopyFrom();
    },
    handleError: (error: Error) => (failure = error),
    handleCommandComplete: () => undefined,
    handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
  };
  client.query(copy as unknown as Submittable);
  await promise;
}

function* chunksOf(lines: Iterable<string>): Generator<string> {
  let chunk: string[] = [];
  for (const line of lines) {
    chunk.push(line, "\n");
    if (chunk.length >= 2 * LINES_PER_CHUNK) {
      yield chunk.join("");
      chunk = [];
    }
  }
  yield chunk.join("");
}
