/** What must be in no log: secrets, data about people, and what tells how our tables look. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Stands in what tests say of bookings: notes, labels, external ids, reasons to cancel. */
export const PRIVATE_WORDS = "between-us";

const secrets: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a token", /\beyJ[\w-]{8,}/],
  ["an authorization header", /\bbearer +[\w-]/i],
  ["an e-mail address", /@example\.(com|org)\b/i],
  ["what was said of a booking", new RegExp(PRIVATE_WORDS, "i")],
  ["a connection string", /\bpostgres(ql)?:\/\//i],
  ["a private key", /-----BEGIN|\\?"d\\?":/],
  ["SQL", /\b(select|insert into|update|delete from)\b[^"]{0,200}\b(from|values|set|where)\b/i],
];

const SHOWN_MAX = 20;

/** What of it is in a line. */
export function secretsIn(line: string): string[] {
  return secrets.filter(([, pattern]) => pattern.test(line)).map(([what]) => what);
}

/**
 * Throws an error that names file, line and kind of every secret in the logs in a folder. Only lines of JSON are logs: what
 * `npm start` prints for people names databases and headers.
 */
export async function assertNoSecretsIn(folder: string): Promise<void> {
  const found: string[] = [];
  for (const file of await readdir(folder)) {
    const lines = (await readFile(join(folder, file), "utf8")).split("\n");
    for (const [index, line] of lines.entries()) {
      if (!line.startsWith("{")) continue;
      for (const what of secretsIn(line)) found.push(`${join(folder, file)}:${index + 1} has ${what}`);
    }
  }
  if (found.length === 0) return;
  throw new Error(`${found.length} secrets in the logs:\n${found.slice(0, SHOWN_MAX).join("\n")}`);
}
