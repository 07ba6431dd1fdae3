/** The constraints of a `during` column: they hold for every stored interval, also if the code is wrong. */

interface Check {
  readonly name: string;
  readonly expression: string;
}

/**
 * Checks for a table's `during tstzrange` column. They matter more than they seem to: an empty range passes every
 * exclusion constraint, an endless one blocks a host for ever, and `[a, b]` overlaps what `[a, b)` only touches.
 */
export function intervalChecks(table: string): Check[] {
  return [
    {
      name: `${table}_during_finite`,
      expression:
        "not isempty(during) and not lower_inf(during) and not upper_inf(during) " +
        "and isfinite(lower(during)) and isfinite(upper(during))",
    },
    { name: `${table}_during_half_open`, expression: "lower_inc(during) and not upper_inc(during)" },
    {
      name: `${table}_during_milliseconds`,
      expression: "lower(during) = lower(during)::timestamptz(3) and upper(during) = upper(during)::timestamptz(3)",
    },
  ];
}
