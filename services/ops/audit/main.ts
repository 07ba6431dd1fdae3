/**
 * `npm run audit`: whether what is stored is what the services promise. To be run after a failover, and whenever in doubt.
 * Reads AVAILABILITY_DATABASE_URL and BOOKING_DATABASE_URL. Ends with 0 and one line if all is well, with 1 and a
 * line for each violation if not, and with 2 if it could not find out. What it says of zone data and of itself goes to stderr:
 * that no two programs need have the same is no violation.
 */

import { bothDatabases } from "../both-databases.ts";
import { reportAudit } from "./report.ts";

const { stdout, stderr, versions } = process;
try {
  const urls = bothDatabases(process.env);
  process.exitCode = await reportAudit(urls, { stdout, stderr, zoneDataVersion: versions["tz"] ?? "unknown" });
} catch (error) {
  stderr.write(`audit: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
