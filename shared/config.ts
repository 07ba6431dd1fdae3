/** Settings from the environment: what every service has, and how wrong ones are reported. */

import { z } from "zod";

/** Settings that cannot be used. The message is one line for the operator and repeats no value: some are secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The settings in `environment`, parsed. A variable that is set to nothing counts as unset: that is how compose files and
 * shells leave one out. Throws ConfigError that names every wrong variable, not only the first.
 */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => {
    const name = issue.path.join(".");
    return given[name] === undefined ? `${name} is required` : `${name} must be ${issue.message}`;
  });
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

/** `http://host:port` of another service. */
export function httpUrl(): z.ZodType<string, string> {
  return z.string().refine((value) => hasProtocol(value, ["http:", "https:"]), "an http:// or https:// URL");
}

/** The variables of every service. Port 0 means any free port. */
export function serviceVariables(ports: { readonly grpc: number; readonly connect: number }) {
  return {
    DATABASE_URL: z.string().refine((value) => hasProtocol(value, ["postgres:", "postgresql:"]), "a postgres:// URL"),
    // Two at least: the check of the advisory locks holds two connections at once.
    DATABASE_POOL_SIZE: wholeNumber(2, 1000).default(10),
    LISTEN_HOST: z.string().default("127.0.0.1"),
    GRPC_PORT: wholeNumber(0, 65_535).default(ports.grpc),
    CONNECT_PORT: wholeNumber(0, 65_535).default(ports.connect),
    LOG_LEVEL: z
      .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], "a level of pino, such as info or debug")
      .default("info"),
    REFLECTION: z.enum(["on", "off"], "on or off").default("on"),
  };
}

function hasProtocol(url: string, protocols: readonly string[]): boolean {
  return URL.canParse(url) && protocols.includes(new URL(url).protocol);
}
