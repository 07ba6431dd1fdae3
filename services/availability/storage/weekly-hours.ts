/** Writes a host's weekly hours. MikroORM makes the statements; they run on the connection that holds the host's lock. */

import { type MikroORM, raw } from "@mikro-orm/postgresql";
import { statementOf } from "../../../shared/postgres/orm-statement.ts";
import type { Period } from "../domain/weekly-hours.ts";
import type { Run } from "./hosts.ts";
import { Calendar, WeeklyHours, WeeklyRange } from "./tables.ts";

/**
 * Stores weekly hours from a date on in place of those that were to begin then or later, and counts the host's version up.
 * Returns the new version. The caller holds the host's lock (`changeHost`) and has stored the slot duration.
 */
export async function writePeriod(orm: MikroORM, run: Run, hostId: string, period: Period): Promise<number> {
  const em = orm.em.fork();
  const { fromDate, timeZone, ranges } = period;
  const rows = ranges.map(({ day, start, end }) => ({ hours: [hostId, fromDate], day, minutes: `[${start},${end})` }));
  await run(statementOf(em.createQueryBuilder(WeeklyHours).delete({ host: hostId, fromDate: { $gte: fromDate } })));
  await run(statementOf(em.createQueryBuilder(WeeklyHours).insert({ host: hostId, fromDate, timeZone })));
  if (rows.length > 0) await run(statementOf(em.createQueryBuilder(WeeklyRange).insert(rows)));
  const counted = em
    .createQueryBuilder(Calendar)
    .update({ hoursVersion: raw("hours_version + 1") })
    .where({ host: hostId })
    .returning("hoursVersion");
  const [row] = await run<{ hours_version: number }>(statementOf(counted));
  if (row === undefined) throw new Error("the host has no calendar");
  return row.hours_version;
}
