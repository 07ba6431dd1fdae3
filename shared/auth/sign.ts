/** Tokens that we sign ourselves: of a service for its peer, and in development. */

import { type CryptoKey, importJWK, type JWK, SignJWT } from "jose";
import type { Role } from "./identity.ts";
import { assertNoDevelopmentKey } from "./keys.ts";
import { readJson } from "./read-json.ts";

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly key: CryptoKey;
}

export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly role: Role;
  readonly audience: string | string[];
  readonly lifetimeSeconds: number;
}

/** The private key in a file (one JWK with `kid` and `alg`). Throws an error of one line that repeats nothing of it. */
export async function readSigningKey(path: string, development: boolean): Promise<SigningKey> {
  try {
    const jwk = (await readJson(path)) as JWK;
    const { kid, alg } = jwk;
    if (kid === undefined || alg === undefined || jwk.d === undefined) throw new Error("it lacks kid, alg or d");
    assertNoDevelopmentKey(kid, development);
    const key = await importJWK(jwk, alg);
    if (key instanceof Uint8Array) throw new Error("it is not of a key pair");
    return { kid, alg, key };
  } catch (cause) {
    throw new Error(`the key ${path} cannot be used`, { cause });
  }
}

export async function signToken({ kid, alg, key }: SigningKey, claims: Claims): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ role: claims.role })
    .setProtectedHeader({ alg, kid, typ: "JWT" })
    .setIssuer(claims.issuer)
    .setSubject(claims.subject)
    .setAudience(claims.audience)
    .setIssuedAt(now)
    .setExpirationTime(now + claims.lifetimeSeconds)
    .sign(key);
}
