/** The settings of the gateway. */

import { z } from "zod";
import { ConfigError, httpUrl, readConfig, wholeNumber } from "../../shared/service/config.ts";
import { type ProcessConfig, processConfig } from "../../shared/service/process-config.ts";
import { processVariables, variables } from "../../shared/service/variables.ts";
import type { Address } from "../../shared/rpc/wire/listen.ts";
import type { TlsFiles } from "../../shared/rpc/wire/tls.ts";

const { ENVIRONMENT, TLS_CERT, TLS_KEY, PEER_CA } = variables;

export const gatewayVariables = z.object({
  // Development tells a caller what is wrong with the form of its token, as the services do.
  ENVIRONMENT,
  ...processVariables,
  GATEWAY_PORT: wholeNumber(0, 65_535).default(8080),
  AVAILABILITY_URL: httpUrl().default("http://127.0.0.1:8081"),
  BOOKING_URL: httpUrl().default("http://127.0.0.1:8082"),
  // Streams that may be open to each service; the next is refused with 503. They must leave connections (CONNECTIONS_MAX of
  // shared/rpc/wire/limits.ts) to the other calls.
  OPEN_STREAMS_MAX: wholeNumber(1, 8000).default(4000),
  // Whose pages may call: origins with commas between them, or `*`. Unset: only pages of the gateway's own origin.
  CORS_ORIGINS: origins().default([]),
  // PEM files. With TLS_CERT and TLS_KEY the port speaks TLS only, and the services are shown the same certificate if they
  // ask for one. PEER_CA signs theirs, if no authority that Node.js knows does.
  TLS_CERT,
  TLS_KEY,
  PEER_CA,
});

export interface GatewayConfig extends ProcessConfig {
  readonly listen: Address;
  readonly availabilityUrl: string;
  readonly bookingUrl: string;
  /** How many streams may be open to each service. */
  readonly streamsMax: number;
  /** As browsers write them in `Origin`; `["*"]` allows all origins. */
  readonly corsOrigins: readonly string[];
  /** Whether a caller is told why its token was refused. */
  readonly tellsWhy: boolean;
  readonly tls: TlsFiles;
}

/** Throws ConfigError that names every wrong variable. */
export function gatewayConfig(environment: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const set = readConfig(gatewayVariables, environment);
  if ((set.TLS_CERT === undefined) !== (set.TLS_KEY === undefined)) {
    throw new ConfigError("wrong settings: TLS_CERT and TLS_KEY must be set together");
  }
  // Or callers' tokens would go on in plain text, where the operator counts on TLS.
  if (set.PEER_CA !== undefined && ![set.AVAILABILITY_URL, set.BOOKING_URL].every((url) => url.startsWith("https:"))) {
    throw new ConfigError(
      "wrong settings: PEER_CA must be left out unless AVAILABILITY_URL and BOOKING_URL are https://",
    );
  }
  return {
    listen: { host: set.LISTEN_HOST, port: set.GATEWAY_PORT },
    ...processConfig(set),
    availabilityUrl: set.AVAILABILITY_URL,
    bookingUrl: set.BOOKING_URL,
    streamsMax: set.OPEN_STREAMS_MAX,
    corsOrigins: set.CORS_ORIGINS,
    tellsWhy: set.ENVIRONMENT === "development",
    tls: { cert: set.TLS_CERT, key: set.TLS_KEY, clientCa: undefined, peerCa: set.PEER_CA },
  };
}

function origins(): z.ZodType<string[], string> {
  return z
    .string()
    .transform((text) => text.split(",").map((origin) => origin.trim()))
    .refine(
      (list) => list.every(isOrigin) || (list.length === 1 && list[0] === "*"),
      "origins such as https://a.example, or *",
    );
}

/** An origin has neither path nor trailing slash: one that is written so would never be equal to what browsers send. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
