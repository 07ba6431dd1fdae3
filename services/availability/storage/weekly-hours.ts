/** Writes a host's weekly hours. MikroORM makes the statements; they run on the connection that holds the host's lock. */

import type { MikroORM } from "@mikro-orm/postgresql";
import { statementOf } from "../../../shared/postgres/orm-statement.ts";
import type { Period } from "../domain/weekly-hours.ts";
import type { Host, Run } from "./hosts.ts";
import { Calendar, WeeklyHours, WeeklyRange } from "./tables.ts";

/**
 * Stores weekly hours from a date on in place of those that were to begin then or later, and counts the host's version up.
 * Returns the new version. The caller holds the host's lock (`changeHost`) and has stored the slot duration.
 */
export async function writePeriod(orm: MikroORM, run: Run, host: Host, period: Period): Promise<number> {
  const em = orm.em.fork();
  const { fromDate, timeZone, ranges } = period;
  const rows = ranges.map(({ day, start, end }) => ({
    hours: [host.id, fromDate] as const,
    day,
    minutes: `[${start},${end})`,
  }));
  const hoursVersion = host.hoursVersion + 1;
  await run(statementOf(em.createQueryBuilder(WeeklyHours).delete({ host: host.id, fromDate: { $gte: fromDate } })));
  await run(statementOf(em.createQueryBuilder(WeeklyHours).insert({ host: host.id, fromDate, timeZone })));
  if (rows.length > 0) await run(statementOf(em.createQueryBuilder(WeeklyRange).insert(rows)));
  await run(statementOf(em.createQueryBuilder(Calendar).update({ hoursVersion }).where({ host: host.id })));
  return hoursVersion;
}
