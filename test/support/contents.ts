/** All that a database has stored, in few characters: to see that nothing was. */

import type { Pool } from "pg";

/** For each table the number of its rows and a hash over all of them. */
export async function contentsOf(pool: Pool): Promise<Readonly<Record<string, string>>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by name`,
  );
  const each = tables.map(
    ({
      name,
    }) => `select '${name}' as name, count(*) || ' ' || md5(string_agg(t::text, e'\\n' order by t::text)) as rows
                   from ${name} as t`,
  );
  const { rows } = await pool.query<{ name: string; rows: string | null }>(each.join(" union all "));
  return Object.fromEntries(rows.map((table) => [table.name, table.rows ?? "0"]));
}
