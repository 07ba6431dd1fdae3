/** The log of a process: one JSON object a line, on standard output unless it is told otherwise. */

import { type DestinationStream, type Logger, pino } from "pino";

/** Errors are described, and so are their causes, but not without end: a cause may name itself. */
const CAUSES_MAX = 5;

/** What of an error helps the operator who reads the log. `code` and `constraint` are PostgreSQL's, or Node's. */
interface ErrorForLog {
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly cause?: ErrorForLog | undefined;
  readonly errors?: readonly ErrorForLog[] | undefined;
}

export function openLog(options: { readonly name: string; readonly level: string }, to?: DestinationStream): Logger {
  const settings = { ...options, serializers: { err: (error: unknown) => errorForLog(error, CAUSES_MAX) } };
  // pino writes each line at once by default. It must: the line that a dying process still buffers is the one needed.
  return to === undefined ? pino(settings) : pino(settings, to);
}

/**
 * An error without what hangs on it. pino writes down all that it finds there, and the driver's errors carry the rows that
 * they are about, the statement and the whole connection with the statements that were prepared on it.
 */
function errorForLog(error: unknown, causesMax: number): ErrorForLog {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { cause, stack, message } = error;
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const errors = error instanceof AggregateError ? error.errors : [];
  const deeper = (each: unknown): ErrorForLog => errorForLog(each, causesMax - 1);
  return {
    type: error.constructor.name,
    message,
    stack,
    code,
    constraint,
    cause: cause === undefined || causesMax === 0 ? undefined : deeper(cause),
    errors: errors.length === 0 || causesMax === 0 ? undefined : errors.map(deeper),
  };
}
