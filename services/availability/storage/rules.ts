/** Writes a host's rules. MikroORM makes the statement; it runs on the connection that holds the host's lock. */

import type { MikroORM } from "@mikro-orm/postgresql";
import { statementOf } from "../../../shared/postgres/orm-statement.ts";
import type { Rules } from "../domain/rules.ts";
import type { Host, Run } from "./hosts.ts";
import { Calendar } from "./tables.ts";

/**
 * Stores a host's rules and counts their version up; its openings take over the slot duration. Returns the new version. The
 * caller holds the host's lock (`changeHost`).
 */
export async function writeRules(orm: MikroORM, run: Run, host: Host, rules: Rules): Promise<number> {
  const rulesVersion = host.rulesVersion + 1;
  const row = { ...rules, slotDurationMinutes: rules.slotDurationMinutes ?? 0, rulesVersion };
  const insert = orm.em
    .fork()
    .createQueryBuilder(Calendar)
    .insert({ host: host.id, ...row });
  await run(statementOf(insert.onConflict("host").merge(row)));
  return rulesVersion;
}
