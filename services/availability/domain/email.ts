/** When two e-mail addresses are the same. */

import { asciiDomain } from "../../../shared/email-domain.ts";

/**
 * What addresses are compared by, whatever the database's locale is: a database folds letter case by its own (in a Turkish one
 * `INFO` and `info` differ, in one of the locale `C` so do `JOSÉ` and `josé`).
 *
 * Before the `@`: composed (NFC), and without letter case by Unicode's full mappings to lower, upper and lower case again. That is
 * Unicode's case folding but for some rare letters, and like it merges more than pairs of letters: `ß`, `ẞ` and `ss`, `ſ` and
 * `s`, `ς` and `σ`, ligatures (`ﬁ`) and their letters, the Kelvin sign and `k`; beyond it also the dotless `ı` and `i`. It does
 * not merge what only looks alike, nor `a.b`, `ab` and `ab+tag`, which some providers deliver to one person.
 *
 * Behind the `@`: the domain in ASCII, so international domains are the same in all ways to write them.
 *
 * `email` has passed the rules of addresses (`wrongEmail`).
 */
export function emailKey(email: string): string {
  const at = email.lastIndexOf("@");
  const domain = asciiDomain(email.slice(at + 1));
  if (at < 1 || domain === undefined) throw new Error("what is no e-mail address has no key");
  return `${folded(email.slice(0, at))}@${domain}`;
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}
