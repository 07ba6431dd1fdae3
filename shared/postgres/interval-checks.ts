/** The constraints of a column of intervals: they hold for every stored one, also if the code is wrong. */

interface Check {
  readonly name: string;
  readonly expression: string;
}

/**
 * Checks for a `tstzrange` column of a table. They matter more than they seem to: an empty range passes every
 * exclusion constraint, an endless one blocks a host for ever, and `[a, b]` overlaps what `[a, b)` only touches.
 */
export function intervalChecks(table: string, column = "during"): Check[] {
  return [
    {
      name: `${table}_${column}_finite`,
      expression:
        `not isempty(${column}) and not lower_inf(${column}) and not upper_inf(${column}) ` +
        `and isfinite(lower(${column})) and isfinite(upper(${column}))`,
    },
    { name: `${table}_${column}_half_open`, expression: `lower_inc(${column}) and not upper_inc(${column})` },
    {
      name: `${table}_${column}_milliseconds`,
      expression: `lower(${column}) = lower(${column})::timestamptz(3) and upper(${column}) = upper(${column})::timestamptz(3)`,
    },
  ];
}
