/** Texts that may be left out, of one line or several, and maps of texts. */

import { z } from "zod";
import { refuse } from "./parse.ts";
import { type MapRules, wrongEmail, wrongLines, wrongMap, wrongText, wrongVisible } from "./rules.ts";

/** Text of at most `maxCharacters` characters, or undefined if the field is empty. */
export function optionalText(maxCharacters: number): z.ZodType<string | undefined, string> {
  return unlessEmpty((value) => wrongText(value, maxCharacters));
}

/** The same, which may have line breaks and tabs. */
export function optionalLines(maxCharacters: number): z.ZodType<string | undefined, string> {
  return unlessEmpty((value) => wrongLines(value, maxCharacters));
}

/** The same, of one line, with a visible character. */
export function optionalVisibleText(maxCharacters: number): z.ZodType<string | undefined, string> {
  return unlessEmpty((value) => wrongVisible(value, maxCharacters));
}

/** An e-mail address, or undefined if the field is empty. */
export const optionalEmail = unlessEmpty(wrongEmail);

/** A map of texts, or undefined if it has no entries. */
export function textMap(
  rules: MapRules,
): z.ZodType<Readonly<Record<string, string>> | undefined, Readonly<Record<string, string>>> {
  return z.custom<Readonly<Record<string, string>>>().transform((given, context) => {
    const entries = Object.entries(given);
    const reason = wrongMap(entries, rules);
    if (reason !== undefined) return refuse(context, reason);
    return entries.length === 0 ? undefined : given;
  });
}

function unlessEmpty(wrong: (value: string) => string | undefined): z.ZodType<string | undefined, string> {
  return z.string().transform((given, context): string | undefined => {
    if (given === "") return undefined;
    const reason = wrong(given);
    return reason === undefined ? given : refuse(context, reason);
  });
}
