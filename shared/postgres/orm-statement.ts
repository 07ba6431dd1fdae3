import type { QueryConfig } from "pg";

/** A query builder of MikroORM, as far as its statement goes. */
interface Builder {
  toQuery(): { readonly sql: string; readonly params: readonly unknown[] };
}

/** The statement that a query builder of MikroORM has made, as the driver runs it. */
export function statementOf(builder: Builder): QueryConfig {
  const { sql, params } = builder.toQuery();
  // The ORM marks a parameter by `?`, the driver by its number. All values are parameters, so no other `?` is there.
  let count = 0;
  return { text: sql.replaceAll("?", () => `$${(count += 1)}`), values: [...params] };
}
