/**
 * Many statements in one round trip. The driver sends each statement with a `Sync` of its own, which the server answers
 * with a packet of its own: ten times as many system calls on both sides, and ten times that each side is woken up. Here a
 * trip has one `Sync`, at its end. The server runs the statements in order, each with a snapshot of its own (READ
 * COMMITTED), and after the first that fails it skips the rest.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */

import { type ClientBase, type Connection, DatabaseError, type QueryConfig, type Submittable, types } from "pg";
import { recorded } from "./held-for.ts";
import { isConnectionLost, isReadOnly, sqlState } from "./sqlstate.ts";

/** A statement that stays prepared on its connection under its name, so each name has one text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values?: readonly Parameter[];
}

/** Arrays are of plain values. */
export type Parameter = Scalar | readonly Scalar[];
type Scalar = string | number | undefined;

/** The statement for the driver's own `query`, where it goes alone. */
export function queryOf({ name, text, values = [] }: Statement): QueryConfig {
  return { name, text, values: [...values] };
}

export interface StatementResult {
  /** What the statement did, such as `COMMIT` or `INSERT 0 1`. */
  readonly tag: string;
  readonly rows: readonly unknown[];
}

/**
 * Runs the statements and returns the result of each. Throws the server's error of the first that failed, behind which none
 * has been run, or another error if the connection was lost or is out of step: see `brokenOff`. A TypeError, before anything
 * is sent, for a value that is no `Parameter`.
 */
export function roundTrip(client: ClientBase, statements: readonly Statement[]): Promise<StatementResult[]> {
  return recorded(
    client,
    () => statements.map(({ name }) => name),
    () => send(client, statements),
  );
}

function send(client: ClientBase, statements: readonly Statement[]): Promise<StatementResult[]> {
  return new Promise((resolve, reject) => {
    const trip = new RoundTrip(statements, (error, results) => {
      if (error === null) return resolve(results ?? []);
      brokenTrips.set(error, trip.brokenOff(error));
      reject(error);
    });
    client.query(trip);
  });
}

/** How far a trip came that broke off. */
export interface BrokenTrip {
  /** Of the statements that the server has reported as done. Those behind may have been done as well, unless one `failed`. */
  readonly results: readonly StatementResult[];
  /** The statement that the server's error is about, if it is about one: none behind it has been run. */
  readonly failed: Statement | undefined;
}

const brokenTrips = new WeakMap<object, BrokenTrip>();

/** How far the trip came that ended with this error; undefined if none did, so that nothing was sent. */
export function brokenOff(error: unknown): BrokenTrip | undefined {
  return typeof error === "object" && error !== null ? brokenTrips.get(error) : undefined;
}

type Done = (error: Error | null, results?: StatementResult[]) => void;

/** A statement and its values, written before anything is sent: a trip that broke off halfway would block its connection. */
interface Order {
  readonly statement: Statement;
  readonly values: (string | null)[];
}

/** A column of a result and how its text is read. */
interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

/** The columns of the statements that are prepared on a connection. None: it returns no rows. */
const preparedOn = new WeakMap<Connection, Map<string, readonly Column[]>>();

/**
 * What the driver calls as the answers come in; each method is one message of the server. There is one for every message
 * that the driver passes on, and none throws, in whatever order messages come: the driver calls them from an event, and an error there
 * would end the process.
 */
class RoundTrip implements Submittable {
  readonly #orders: readonly Order[];
  readonly #results: StatementResult[] = [];
  /** Those that this trip prepares, with what is known of their columns so far. */
  readonly #preparing = new Map<string, readonly Column[]>();
  #prepared = new Map<string, readonly Column[]>();
  #rows: unknown[] = [];
  /** The driver puts its own in front, to stop the clock of `query_timeout`. */
  callback: Done;

  constructor(statements: readonly Statement[], callback: Done) {
    this.#orders = statements.map((statement) => ({ statement, values: (statement.values ?? []).map(textOf) }));
    this.callback = callback;
  }

  submit(connection: Connection): void {
    this.#prepared = preparedOn.get(connection) ?? new Map<string, readonly Column[]>();
    preparedOn.set(connection, this.#prepared);
    connection.stream.cork();
    try {
      for (const order of this.#orders) this.#send(connection, order);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  #send(connection: Connection, { statement: { name, text }, values }: Order): void {
    const isPrepared = this.#prepared.has(name) || this.#preparing.has(name);
    if (!isPrepared) {
      // A trip that failed may have prepared it all the same. To close what is not there is no error.
      connection.close({ type: "S", name }, true);
      connection.parse({ name, text, types: [] }, true);
      this.#preparing.set(name, []);
    }
    connection.bind({ portal: "", statement: name, binary: "", values }, true);
    if (!isPrepared) connection.describe({ type: "P", name: "" }, true);
    connection.execute({ portal: "", rows: "" }, true);
  }

  handleRowDescription({ fields }: { readonly fields: readonly { name: string; dataTypeID: number }[] }): void {
    const statement = this.#current;
    if (statement === undefined) return this.#outOfStep("columns of no statement");
    const readerOf = types.getTypeParser as (typeId: number) => Column["read"];
    const columns = fields.map(({ name, dataTypeID }): Column => ({ name, read: readerOf(dataTypeID) }));
    this.#preparing.set(statement.name, columns);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const statement = this.#current;
    if (statement === undefined) return this.#outOfStep("a row of no statement");
    const columns = this.#preparing.get(statement.name) ?? this.#prepared.get(statement.name) ?? [];
    const row: Record<string, unknown> = {};
    try {
      for (const [index, column] of columns.entries()) {
        const text = fields[index];
        row[column.name] = text === null || text === undefined ? null : column.read(text);
      }
    } catch (error) {
      return this.#outOfStep("a value that cannot be read", error);
    }
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    if (this.#current === undefined) return this.#outOfStep("the end of no statement");
    this.#results.push({ tag: text, rows: this.#rows });
    this.#rows = [];
  }

  handleError(error: Error): void {
    // The driver makes an error without an SQLSTATE of a message that it does not know.
    if (error instanceof DatabaseError && sqlState(error) === undefined) this.#outOfStep("something unknown", error);
    else this.callback(error);
  }

  handleReadyForQuery(): void {
    if (this.#current !== undefined) return this.#outOfStep("the end of the answer");
    for (const [name, columns] of this.#preparing) this.#prepared.set(name, columns);
    this.callback(null, this.#results);
  }

  // No statement of ours is empty, is fetched in parts, or copies.
  handleEmptyQuery(): void {
    this.#outOfStep("EmptyQueryResponse");
  }

  handlePortalSuspended(): void {
    this.#outOfStep("PortalSuspended");
  }

  handleCopyInResponse(): void {
    this.#outOfStep("CopyInResponse");
  }

  handleCopyData(): void {
    this.#outOfStep("CopyData");
  }

  /** How far it came, now that it ends with an error. */
  brokenOff(error: Error): BrokenTrip {
    // What ends the connection is about no statement, and need not even come from the server: a proxy may have said it.
    const isAboutStatement = isReadOnly(error) || (sqlState(error) !== undefined && !isConnectionLost(error));
    return { results: this.#results, failed: isAboutStatement ? this.#current : undefined };
  }

  /**
   * What came does not belong here, so nothing that still comes can be believed. To everybody this is the loss of the connection
   * (`isConnectionLost`), so that its holder gives it up.
   */
  #outOfStep(what: string, cause?: unknown): void {
    this.callback(new Error(`the connection is out of step: ${what} came from the server`, { cause }));
  }

  /** The statement that the server answers next; undefined when it has answered all. */
  get #current(): Statement | undefined {
    return this.#orders[this.#results.length]?.statement;
  }
}

/** A value as PostgreSQL reads it in text form; null stands for undefined. */
function textOf(value: Parameter): string | null {
  if (value === undefined) return null;
  if (typeof value !== "object") return String(value);
  let elements = "";
  for (const element of value) elements += elements === "" ? elementOf(element) : `,${elementOf(element)}`;
  return `{${elements}}`;
}

function elementOf(element: Scalar): string {
  if (element === undefined) return "NULL";
  return typeof element === "number" ? String(element) : quoted(element);
}

function quoted(element: string): string {
  // Most are identifiers and words.
  const isPlain = !element.includes('"') && !element.includes("\\");
  return isPlain ? `"${element}"` : `"${element.replaceAll(/["\\]/g, "\\$&")}"`;
}
