/** The variables of the processes, and what values they take. */

import { z } from "zod";
import { type ClaimPath, claimPath } from "../auth/claims.ts";
import { isUrl } from "../auth/keys.ts";
import { isDatabaseUrl } from "../postgres/server-urls.ts";
import { httpUrl, isWithoutSecrets, seconds, share, wholeNumber, WITHOUT_SECRETS } from "./config.ts";

/** The variables that every process has, the gateway too. */
export const processVariables = {
  LISTEN_HOST: z.string().default("127.0.0.1"),
  LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], "a level of pino, such as info or debug")
    .default("info"),
  // How much of the calls that ended well has a line in the log, from 0 to 1. Each of the others has its line in any case.
  LOG_SUCCESSES: share().default(1),
  // The port of /livez, /readyz and /metrics. Unset: none. Whoever reaches it may read it.
  OPERATIONS_PORT: wholeNumber(0, 65_535).optional(),
  // Between "not ready" and the last new connection, once the process is told to end: the time that a load balancer has to send
  // new connections elsewhere. All calls are served meanwhile.
  DRAIN_PAUSE_SECONDS: seconds(300).default(0.25),
  // Where traces and metrics are sent, by OTLP over HTTP. The SDK reads more variables of OpenTelemetry's standard, such as
  // OTEL_EXPORTER_OTLP_HEADERS and OTEL_RESOURCE_ATTRIBUTES.
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  // How many of the traces that begin here are kept, from 0 to 1.
  OTEL_TRACES_SAMPLER_ARG: share().default(0.01),
};

/** The variables that every service has, and that other programs have some of. None turns authentication off. */
export const variables = {
  ...processVariables,
  // Development accepts the keys that `npm start` makes, and has reflection on.
  ENVIRONMENT: z.enum(["development", "production"], "development or production").default("production"),
  // It may name several servers, as libpq's URLs do, of which the one that takes writes is found.
  DATABASE_URL: z.string().refine(isDatabaseUrl, "a postgres:// URL"),
  // Two at least: the check of the advisory locks holds two connections at once.
  DATABASE_POOL_SIZE: wholeNumber(2, 1000).default(10),
  GRPC_PORT: wholeNumber(0, 65_535),
  CONNECT_PORT: wholeNumber(0, 65_535),
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
