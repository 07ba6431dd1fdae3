/**
 * `npm run audit`: whether what is stored is what the services promise. To be run after a failover or a restore, and whenever
 * in doubt. Reads AVAILABILITY_DATABASE_URL and BOOKING_DATABASE_URL. Ends with 0 and one line if all is well, with 1 and a
 * line for each violation if not, and with 2 if it could not find out. What it says of zone data and of itself goes to stderr:
 * that no two programs need have the same is no violation.
 */

import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { readConfig } from "../../../shared/service/config.ts";
import { variables } from "../../../shared/service/variables.ts";
import { audit, type DatabaseUrls } from "./audit.ts";
import { lineOf } from "./violation.ts";
import { linesOf as zoneLines, type ZoneComparison } from "./zones.ts";

const { DATABASE_URL } = variables;
const databases = z.object({ AVAILABILITY_DATABASE_URL: DATABASE_URL, BOOKING_DATABASE_URL: DATABASE_URL });

let violations = 0;
try {
  const set = readConfig(databases, process.env);
  const urls = { availability: set.AVAILABILITY_DATABASE_URL, booking: set.BOOKING_DATABASE_URL };
  // A pipeline reads no further than the output has been taken: however many lines there are, they do not pile up here.
  await pipeline(Readable.from(linesOf(urls)), process.stdout, { end: false });
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
process.exitCode = violations === 0 ? 0 : 1;

async function* linesOf(urls: DatabaseUrls): AsyncGenerator<string> {
  for await (const violation of audit(urls, { tellZones })) {
    violations += 1;
    yield `${lineOf(violation)}\n`;
  }
  if (violations === 0) yield "audit: no violation found\n";
}

function tellZones(comparison: ZoneComparison): void {
  for (const line of zoneLines(comparison, process.versions["tz"] ?? "unknown")) say(line);
}

function say(line: string): void {
  process.stderr.write(`audit: ${line}\n`);
}
