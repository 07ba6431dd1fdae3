import type { Logger } from "pino";
import { type Identity, personRoles } from "./identity.ts";
import { publicKeys } from "./keys.ts";
import { rememberTokens } from "./remember.ts";
import { serviceTokens } from "./service-token.ts";
import { readSigningKey } from "./sign.ts";
import { verifyToken } from "./verify.ts";

export interface AuthSettings {
  /** Whether keys of development are good here. */
  readonly development: boolean;
  /** The identity provider's public keys: a URL, or a file. */
  readonly jwks: string;
  /** The `iss` and `aud` of the tokens that people call with. */
  readonly issuer: string;
  readonly audience: string;
  /** The peer's public keys: a URL, or a file. */
  readonly peerJwks: string;
  /** The file with this service's own private key. */
  readonly serviceKey: string;
}

export interface Auth {
  /** Who a token says the caller is. Throws as `verifyToken` does. */
  readonly identify: (token: string) => Identity | Promise<Identity>;
  /** A token to call the peer with. */
  readonly peerToken: () => Promise<string>;
}

/**
 * What a service named `name` needs to know its callers, and to be known by its peer. Throws an error of one line if a
 * file with keys cannot be used.
 *
 * Different keys vouch for people and for the peer, each for its own roles only. So a stolen service key makes no
 * administrator, and the identity provider cannot call the methods that are between the services.
 */
export async function openAuth(settings: AuthSettings, name: string, peer: string, log: Logger): Promise<Auth> {
  const { development, issuer, audience } = settings;
  const [keys, peerKeys, ownKey] = await Promise.all([
    publicKeys(settings.jwks, development, log),
    publicKeys(settings.peerJwks, development, log),
    readSigningKey(settings.serviceKey, development),
  ]);
  const issuers = [
    { name: issuer, audience, keys, roles: personRoles },
    { name: peer, audience: name, keys: peerKeys, roles: ["SERVICE"] },
  ] as const;
  return {
    identify: rememberTokens((token) => verifyToken(token, issuers)),
    peerToken: serviceTokens(ownKey, name, peer),
  };
}
