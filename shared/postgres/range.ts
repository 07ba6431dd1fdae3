/**
 * Instants and intervals between SQL and code. In SQL they are `timestamptz` and `tstzrange`, in code whole milliseconds;
 * they cross as float8, which holds every millisecond of the contract's years exactly and is parsed without a library.
 */

/** SQL for the milliseconds of a timestamptz expression; null stays null. */
export function millis(expression: string): string {
  return `(extract(epoch from ${expression}) * 1000)::float8`;
}

/**
 * SQL for the timestamptz of an expression in milliseconds, such as `$1::float8`. By way of an interval, which counts whole
 * microseconds: `to_timestamp` takes seconds, and most milliseconds are no exact fraction of a second in float8.
 */
export function fromMillis(expression: string): string {
  return `('epoch'::timestamptz + ${expression} * '1 millisecond'::interval)`;
}

/** SQL for the half-open range between two expressions in milliseconds. */
export function rangeFromMillis(start: string, end: string): string {
  return `tstzrange(${fromMillis(start)}, ${fromMillis(end)}, '[)')`;
}
