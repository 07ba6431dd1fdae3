import type { Logger } from "pino";
import { type Claims, type ClaimSettings, ownClaims } from "./claims.ts";
import { personRoles } from "./identity.ts";
import { publicKeys } from "./keys.ts";
import { rememberTokens } from "./remember.ts";
import { serviceTokens } from "./service-token.ts";
import { readSigningKey } from "./sign.ts";
import { verifyToken } from "./verify.ts";

/** The tokens of a peer are ours: no setting changes how they are read. */
const peerClaims: ClaimSettings = { ...ownClaims, meanings: new Map([["SERVICE", ["SERVICE"]]]) };

export interface AuthSettings {
  /** Whether keys of development are good here. */
  readonly development: boolean;
  /** The identity provider's public keys: a URL, or a file. */
  readonly jwks: string;
  /** The `iss` and `aud` of the tokens that people call with. */
  readonly issuer: string;
  readonly audience: string;
  /** Where these tokens have what we need, and what it means. */
  readonly claims: ClaimSettings;
  /** The peer's public keys: a URL, or a file. */
  readonly peerJwks: string;
  /** The file with this service's own private key. */
  readonly serviceKey: string;
}

export interface Auth {
  /** What a token says of its bearer: at once if it is remembered. Throws as `verifyToken` does. */
  readonly verify: (token: string) => Claims | Promise<Claims>;
  /** A token to call the peer with. */
  readonly peerToken: () => Promise<string>;
  /** Whether both sets of public keys have been read. Before that, not every caller can be told from a stranger. */
  readonly isReady: () => boolean;
  /** Ends the attempts to read them. */
  close(): void;
}

/**
 * What a service named `name` needs to know its callers, and to be known by its peer. Throws an error of one line if a
 * file with keys cannot be used.
 *
 * Different keys vouch for people and for the peer, each for its own roles only. So a stolen service key makes no
 * administrator, and the identity provider cannot call the methods that are between the services.
 */
export async function openAuth(settings: AuthSettings, name: string, peer: string, log: Logger): Promise<Auth> {
  const { development, issuer, audience, claims } = settings;
  const ending = new AbortController();
  const [keys, peerKeys, ownKey] = await Promise.all([
    publicKeys(settings.jwks, development, log, ending.signal),
    publicKeys(settings.peerJwks, development, log, ending.signal),
    readSigningKey(settings.serviceKey, development),
  ]).catch((error: unknown) => {
    ending.abort();
    throw error;
  });
  const issuers = [
    { name: issuer, audience, keys: keys.find, claims, roles: personRoles },
    { name: peer, audience: name, keys: peerKeys.find, claims: peerClaims, roles: ["SERVICE"] },
  ] as const;
  return {
    verify: rememberTokens((token) => verifyToken(token, issuers)),
    peerToken: serviceTokens(ownKey, name, peer),
    isReady: () => keys.areKnown() && peerKeys.areKnown(),
    close: () => ending.abort(),
  };
}
