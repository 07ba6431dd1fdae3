/** The settings that both services have, from their variables (`serviceVariables`). */

import type { z } from "zod";
import { meaningsOf } from "../auth/claims.ts";
import type { AuthSettings } from "../auth/open-auth.ts";
import { isUrl } from "../auth/keys.ts";
import { type ProcessConfig, processConfig } from "./process-config.ts";
import type { serviceVariables } from "./variables.ts";
import type { Address } from "../rpc/wire/listen.ts";
import type { CallLimits } from "../rpc/call/rate-limit.ts";
import type { TlsFiles } from "../rpc/wire/tls.ts";

export interface ServiceConfig extends ProcessConfig {
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly grpc: Address;
  readonly connect: Address;
  readonly reflection: boolean;
  readonly auth: AuthSettings;
  readonly tls: TlsFiles;
  readonly limits: CallLimits;
}

type ServiceVariables = z.output<z.ZodObject<ReturnType<typeof serviceVariables>>>;

/**
 * For a schema's `superRefine`: settings that are good one by one and unsafe together. Half of the TLS settings would make no TLS, and the service
 * would speak plain text. `peerUrl` is the name of the variable with the peer's URL.
 */
export function refuseUnsafe<PeerUrl extends string>(peerUrl: PeerUrl) {
  return (set: ServiceVariables & Record<PeerUrl, string>, context: z.core.$RefinementCtx): void => {
    const refuse = (name: keyof ServiceVariables, message: string): void =>
      context.addIssue({ code: "custom", path: [name], message });
    if (set.TLS_CERT === undefined && (set.TLS_KEY ?? set.TLS_CLIENT_CA) !== undefined) refuse("TLS_CERT", "set");
    if (set.TLS_KEY === undefined && (set.TLS_CERT ?? set.TLS_CLIENT_CA) !== undefined) refuse("TLS_KEY", "set");
    if (set.PEER_CA !== undefined && !set[peerUrl].startsWith("https:")) {
      refuse("PEER_CA", `left out unless ${peerUrl} is an https:// URL`);
    }
    // A value that means USER to one reader of the settings would make administrators by another's typing error.
    const ofUsers = new Set([...set.AUTH_ROLE_HOST, ...set.AUTH_ROLE_USER]);
    if (set.AUTH_ROLE_ADMIN.some((value) => ofUsers.has(value))) {
      refuse("AUTH_ROLE_ADMIN", "without values of AUTH_ROLE_HOST and AUTH_ROLE_USER");
    }
    for (const name of ["AUTH_JWKS", "PEER_JWKS"] as const) {
      if (set.ENVIRONMENT === "production" && isPlainAndFar(set[name])) refuse(name, "a file or an https:// URL");
    }
  };
}

/** Whether an attacker on the network could change what comes from there. */
function isPlainAndFar(location: string): boolean {
  const url = isUrl(location) ? URL.parse(location) : null;
  return url?.protocol === "http:" && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
}

export function serviceConfig(set: ServiceVariables): ServiceConfig {
  const development = set.ENVIRONMENT === "development";
  return {
    ...processConfig(set),
    database: { url: set.DATABASE_URL, poolSize: set.DATABASE_POOL_SIZE },
    grpc: { host: set.LISTEN_HOST, port: set.GRPC_PORT },
    connect: { host: set.LISTEN_HOST, port: set.CONNECT_PORT },
    reflection: set.REFLECTION === undefined ? development : set.REFLECTION === "on",
    auth: {
      development,
      jwks: set.AUTH_JWKS,
      issuer: set.AUTH_ISSUER,
      audience: set.AUTH_AUDIENCE,
      claims: {
        subject: set.AUTH_SUBJECT_CLAIM,
        role: set.AUTH_ROLE_CLAIM,
        meanings: meaningsOf({ HOST: set.AUTH_ROLE_HOST, USER: set.AUTH_ROLE_USER, ADMIN: set.AUTH_ROLE_ADMIN }),
      },
      peerJwks: set.PEER_JWKS,
      serviceKey: set.SERVICE_KEY,
    },
    tls: { cert: set.TLS_CERT, key: set.TLS_KEY, clientCa: set.TLS_CLIENT_CA, peerCa: set.PEER_CA },
    limits: {
      readsPerSecond: set.RATE_LIMIT_READS_PER_SECOND,
      writesPerSecond: set.RATE_LIMIT_WRITES_PER_SECOND,
      streamStartsPerSecond: set.RATE_LIMIT_STREAM_STARTS_PER_SECOND,
      openStreams: set.OPEN_STREAMS_PER_SUBJECT,
    },
  };
}
