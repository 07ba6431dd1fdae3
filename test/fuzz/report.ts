/** The report of a finding: enough to understand a fault and to reproduce it. */

import { formatConversation } from "./conversation.ts";
import type { Found } from "./run.ts";

/** How many suspects are printed with their bytes. The numbers of the others are enough to say them again. */
const SHOWN_MAX = 3;

export function reportOf({ finding, suspects, reproduced }: Found, seed: number, held: number): string {
  const { kind, label, what } = finding;
  const numbers = suspects.map(({ number }) => number);
  const range = `${seed}/${Math.min(...numbers)}${numbers.length > 1 ? `-${Math.max(...numbers)}` : ""}`;
  const who = reproduced ? "it is done by" : "it did not come again; it was done by one of";
  const shown = suspects.slice(0, SHOWN_MAX).map(({ number, conversation }) => {
    const { door, tls, end, about } = conversation;
    const port = tls === undefined ? door : `${door} (TLS)`;
    return `  ${seed}/${number} at ${port}, end: ${end}; ${about}\n    ${formatConversation(conversation)}\n`;
  });
  return [
    `FOUND after ${held} conversations: ${label}: ${kind}: ${what}\n`,
    ` ${who}:\n`,
    ...shown,
    suspects.length > shown.length ? `  and ${suspects.length - shown.length} more\n` : "",
    ` again: npm run fuzz -- --replay ${range}\n`,
    `    or: npm run fuzz -- --replay '<the line of JSON, or a file with it>'\n`,
  ].join("");
}
