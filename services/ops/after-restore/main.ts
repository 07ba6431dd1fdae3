/**
 * `npm run after-restore`: to be run after either database was restored to an earlier time, before the services may write to it.
 * Ends what replicas and consumers of feeds remember of the time that is lost, has Availability tell Booking of users anew,
 * and ends with the audit and its code: 0 if nothing is wrong, 1 if something is, 2 if it could not do its work or find out.
 * Reads AVAILABILITY_DATABASE_URL and BOOKING_DATABASE_URL.
 */

import { reportAudit } from "../audit/report.ts";
import { bothDatabases } from "../both-databases.ts";
import { mendAfterRestore } from "./after-restore.ts";

const { stdout, stderr, versions } = process;
try {
  const urls = bothDatabases(process.env);
  const { raisedTo, usersToTell } = await mendAfterRestore(urls);
  stdout.write(`after-restore: generations and sequences go on behind ${raisedTo}\n`);
  stdout.write(`after-restore: users of whom Booking is told anew, once Availability runs: ${usersToTell}\n`);
  process.exitCode = await reportAudit(urls, { stdout, stderr, zoneDataVersion: versions["tz"] ?? "unknown" });
} catch (error) {
  stderr.write(`after-restore: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
