/** The audit as a program says it: violations to one stream, what it says of zone data and of itself to the other. */

import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { audit, type DatabaseUrls } from "./audit.ts";
import { lineOf } from "./violation.ts";
import { linesOf as zoneLines } from "./zones.ts";

export interface Output {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Of Node's zone data. */
  readonly zoneDataVersion: string;
}

/** Returns the code to end with: 0 if nothing is wrong, 1 if something was named, 2 if it could not find out. */
export async function reportAudit(urls: DatabaseUrls, { stdout, stderr, zoneDataVersion }: Output): Promise<0 | 1 | 2> {
  let violations = 0;
  const say = (line: string): void => void stderr.write(`audit: ${line}\n`);
  async function* lines(): AsyncGenerator<string> {
    for await (const violation of audit(urls, {
      tellZones: (zones) => zoneLines(zones, zoneDataVersion).forEach(say),
    })) {
      violations += 1;
      yield `${lineOf(violation)}\n`;
    }
    if (violations === 0) yield "audit: no violation found\n";
  }
  try {
    // A pipeline reads no further than the output has been taken: however many lines there are, they do not pile up here.
    await pipeline(Readable.from(lines()), stdout, { end: false });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 2;
  }
  return violations === 0 ? 0 : 1;
}
