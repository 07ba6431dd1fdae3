/** Settings from the environment: how they are read, and how wrong ones are reported. */

import { z } from "zod";
import { readSettingFiles } from "./setting-files.ts";

/** Settings that cannot be used. The message is one line for the operator and repeats no value: some are secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The settings in `environment`, parsed. A variable that is set to nothing counts as unset: that is how compose files and
 * shells leave one out. What is secret may lie in a file instead, which the variable with `_FILE` behind its name says.
 * Throws ConfigError that names every wrong variable, not only the first.
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const set = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ""),
  );
  const { values, problems } = readSettingFiles(Object.keys(schema.shape), set);
  const given: Readonly<Record<string, string>> = { ...set, ...values };
  const parsed = schema.safeParse(given);
  if (parsed.success && problems.size === 0) return parsed.data;
  const issues = parsed.error?.issues ?? [];
  const wrong = issues
    .map((issue) => ({ name: issue.path.join("."), message: issue.message }))
    .filter(({ name }) => !problems.has(name))
    .map(({ name, message }) => (given[name] === undefined ? `${name} is required` : `${name} must be ${message}`));
  wrong.unshift(...problems.values());
  throw new ConfigError(`wrong settings: ${wrong.join("; ")}`);
}

/** A whole number in decimal digits: `0x10`, `1e3` and ` 7` are typing errors. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const rule = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

/** Seconds in decimal digits, up to three of them behind the point. */
export function seconds(max: number): z.ZodType<number, string> {
  const rule = `a number of seconds from 0 to ${max}, such as 0.25`;
  return z
    .string()
    .regex(/^\d{1,9}(?:\.\d{1,3})?$/, rule)
    .transform(Number)
    .refine((value) => value <= max, rule);
}

/** A part of all, from 0 to 1, in decimal digits. */
export function share(): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/, "a number from 0 to 1, such as 0.05")
    .transform(Number);
}

/** `http://host:port` of another service. */
export function httpUrl(): z.ZodType<string, string> {
  return urlOf(["http:", "https:"], "an http:// or https:// URL").refine(isWithoutSecrets, WITHOUT_SECRETS);
}

/** Addresses are written down in logs and errors, and `fetch` refuses those that name a user. */
export const WITHOUT_SECRETS = "without a user or password in it";

export function isWithoutSecrets(value: string): boolean {
  const url = URL.parse(value);
  return url === null || (url.username === "" && url.password === "");
}

/** A URL with one of the protocols (such as `http:`); `rule` says so in words. */
export function urlOf(protocols: readonly string[], rule: string): z.ZodType<string, string> {
  return z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), rule);
}
