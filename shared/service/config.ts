/** Settings from the environment: what every service has, and how wrong ones are reported. */

import { z } from "zod";
import { type ClaimPath, claimPath } from "../auth/claims.ts";
import { isUrl } from "../auth/keys.ts";
import { isDatabaseUrl } from "../postgres/server-urls.ts";

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
  return urlOf(["http:", "https:"], "an http:// or https:// URL").refine(isWithoutSecrets, WITHOUT_SECRETS);
}

/** Where public keys are: an http(s) URL or the path of a file. */
function keyLocation(): z.ZodType<string, string> {
  return z
    .string()
    .refine((value) => !isUrl(value) || URL.canParse(value), "the path of a file or an https:// URL")
    .refine(isWithoutSecrets, WITHOUT_SECRETS);
}

/** Names with dots between them, or one name with `://` in it. */
function pathOfClaim(standard: string): z.ZodType<ClaimPath, string | undefined> {
  return z
    .string()
    .transform(claimPath)
    .refine((names) => names.every((name) => name !== ""), "the name of a claim, or names with dots between them")
    .prefault(standard);
}

/** Values with commas between them. */
function claimValues(standard: string): z.ZodType<readonly string[], string | undefined> {
  return z
    .string()
    .transform((text) => text.split(",").map((value) => value.trim()))
    .refine((values) => values.every((value) => value !== ""), "values with commas between them")
    .prefault(standard);
}

/** Addresses are written down in logs and errors, and `fetch` refuses those that name a user. */
const WITHOUT_SECRETS = "without a user or password in it";

function isWithoutSecrets(value: string): boolean {
  const url = URL.parse(value);
  return url === null || (url.username === "" && url.password === "");
}

/** A URL with one of the protocols (such as `http:`); `rule` says so in words. */
export function urlOf(protocols: readonly string[], rule: string): z.ZodType<string, string> {
  return z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), rule);
}

/** The variables that every service has, and that other programs have some of. None turns authentication off. */
export const variables = {
  // Development accepts the keys that `npm start` makes, and has reflection on.
  ENVIRONMENT: z.enum(["development", "production"], "development or production").default("production"),
  // It may name several servers, as libpq's URLs do, of which the one that takes writes is found.
  DATABASE_URL: z.string().refine(isDatabaseUrl, "a postgres:// URL"),
  // Two at least: the check of the advisory locks holds two connections at once.
  DATABASE_POOL_SIZE: wholeNumber(2, 1000).default(10),
  LISTEN_HOST: z.string().default("127.0.0.1"),
  GRPC_PORT: wholeNumber(0, 65_535),
  CONNECT_PORT: wholeNumber(0, 65_535),
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], "a level of pino, such as info or debug")
    .default("info"),
  // Unset: on in development, off in production.
  REFLECTION: z.enum(["on", "off"], "on or off").optional(),
  // The identity provider's public keys (a JWK set: https:// URL or file), and the `iss` and `aud` of its tokens. Plain
  // http:// is for this machine and for development: an attacker who changes the answer on its way makes administrators.
  AUTH_JWKS: keyLocation(),
  AUTH_ISSUER: z.string(),
  AUTH_AUDIENCE: z.string(),
  // Which claim of these tokens names the user (by its id or external id) and which its role, and the values that mean ours.
  // docs/identity.md has them for Keycloak and Auth0.
  AUTH_SUBJECT_CLAIM: pathOfClaim("sub"),
  AUTH_ROLE_CLAIM: pathOfClaim("role"),
  AUTH_ROLE_HOST: claimValues("HOST"),
  AUTH_ROLE_USER: claimValues("USER"),
  AUTH_ROLE_ADMIN: claimValues("ADMIN"),
  // The other service's public keys (likewise), and the file with this service's own private key (one JWK).
  PEER_JWKS: keyLocation(),
  SERVICE_KEY: z.string(),
  // PEM files. With TLS_CERT and TLS_KEY both ports speak TLS only; with TLS_CLIENT_CA they ask for a client certificate
  // of that authority as well. PEER_CA signs the peer's certificate, if none that Node.js knows does; then the peer's URL
  // must be https://.
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  TLS_CLIENT_CA: z.string().optional(),
  PEER_CA: z.string().optional(),
  // What one subject may ask of one replica (0: no limit); further calls are refused with RATE_LIMITED. The
  // defaults stop a program that runs wild and bother no other; the peer's calls are not counted.
  RATE_LIMIT_READS_PER_SECOND: wholeNumber(0, 1_000_000).default(1000),
  RATE_LIMIT_WRITES_PER_SECOND: wholeNumber(0, 1_000_000).default(100),
  RATE_LIMIT_STREAM_STARTS_PER_SECOND: wholeNumber(0, 1_000_000).default(100),
  OPEN_STREAMS_PER_SUBJECT: wholeNumber(0, 1_000_000).default(100),
};

/** The variables of a service, with the ports that it takes if none are set. Port 0 means any free port. */
export function serviceVariables(ports: { readonly grpc: number; readonly connect: number }) {
  return {
    ...variables,
    GRPC_PORT: variables.GRPC_PORT.default(ports.grpc),
    CONNECT_PORT: variables.CONNECT_PORT.default(ports.connect),
  };
}
