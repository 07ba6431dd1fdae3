/** What errors of PostgreSQL, of its driver and of the network mean. */

import { Refusal } from "../errors.ts";

/** The five-character SQLSTATE of a server's error. Undefined for errors that no server sent. */
export function sqlState(error: unknown): string | undefined {
  const code = propertyOf(error, "code");
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && isFromServer(error) ? code : undefined;
}

/** The constraint that a server's error names. */
export function violatedConstraint(error: unknown): string | undefined {
  return propertyOf(error, "constraint");
}

/** A row breaks the unique constraint of this name. */
export function isNotUnique(error: unknown, constraint: string): boolean {
  return sqlState(error) === "23505" && propertyOf(error, "constraint") === constraint;
}

/** A row contradicts another one, by an exclusion, a unique or a foreign key constraint. */
export function isConflict(error: unknown): boolean {
  return ["23P01", "23505", "23503"].includes(sqlState(error) ?? "");
}

/** The statement names a table that does not exist. */
export function isUndefinedTable(error: unknown): boolean {
  return sqlState(error) === "42P01";
}

/** The statement waited for a lock longer than `lock_timeout`, or was not to wait at all. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === "55P03";
}

/**
 * Whether the error proves that the transaction is rolled back and that running it again may help: deadlock,
 * serialisation failure, lock timeout.
 */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error);
  return state === "40P01" || state === "40001" || state === "55P03";
}

/**
 * Whether an error of COMMIT itself proves that nothing was committed: a constraint or a conflict that was checked only
 * then, or a cancelled statement. Others prove nothing, though the server sent them: one that panics because its disk is
 * full may find the commit in its log when it is up again.
 */
export function provesRollback(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && (/^(?:23|40)/.test(state) || state === "57014");
}

/**
 * The server refuses a statement because it takes no writes: a standby, or made read-only. Nothing was changed. The connection
 * counts as lost (`isConnectionLost`), because the next one may find the primary.
 */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === "25006";
}

/** States in which the server ends or refuses the connection: it shuts down, starts up, or has none left. */
const CONNECTION_STATES = new Set(["57P01", "57P02", "57P03", "57P05", "53300"]);

/** The server that was connected to takes no writes: no other server was offered. */
export class ReadOnlyServer extends Error {
  override readonly name = "ReadOnlyServer";
  /** As Node's errors of the network have one. It outlives being wrapped by MikroORM, and the class does not. */
  readonly code = "EREADONLY";

  constructor() {
    super("the server takes no writes: it is a standby, or was made read-only");
  }
}

/** The connection is gone, or was never made. What was under way on it may or may not have been committed. */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof Refusal) return false;
  if (isReadOnly(error)) return true;
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith("08") || CONNECTION_STATES.has(state) || state === "25P03";
  const code = propertyOf(error, "code");
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return true;
  return (
    error instanceof Error &&
    /connection|timeout exceeded when trying to connect|query read timeout/i.test(error.message)
  );
}

/** The database was out of reach before anything was changed: the caller may send the same call again. */
export function databaseUnreachable(cause: unknown): Refusal {
  const refusal = new Refusal("BUSY", "the database is out of reach; nothing was changed, send the same call again", {
    retryAfterMs: 1000,
  });
  refusal.cause = cause;
  return refusal;
}

/** The connection was lost while the commit was under way, and it could not be found out how it ended. */
export function outcomeUnknown(cause: unknown): Refusal {
  const refusal = new Refusal(
    "OUTCOME_UNKNOWN",
    "the connection to the database was lost during the commit; send the same call again with the same request_id",
    { retryAfterMs: 1000 },
  );
  refusal.cause = cause;
  return refusal;
}

function isFromServer(error: unknown): boolean {
  return propertyOf(error, "severity") !== undefined;
}

function propertyOf(error: unknown, name: string): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}
