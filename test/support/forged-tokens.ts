/** Makes tokens, good ones and any others. */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type JWK, type JWTPayload, SignJWT } from "jose";
import type { TokenRefusal } from "../../shared/auth/token-refused.ts";

export const ISSUER = "https://identity.example";
export const AUDIENCE = "availability";

/** The keys of the issuer, and what the service knows of them. */
export interface IssuerKeys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly kid: string;
}

export interface Keys {
  readonly issuer: IssuerKeys;
  /** A second one of the issuer, of the same kind. */
  readonly second: IssuerKeys;
  /** Of RS256: the classic forgery takes its public half for the secret of an HMAC. */
  readonly rsa: IssuerKeys;
  /** Nobody's whose word counts. */
  readonly stranger: IssuerKeys;
}

export function makeKeys(): Keys {
  return {
    issuer: { ...generateKeyPairSync("ed25519"), kid: "issuer" },
    second: { ...generateKeyPairSync("ed25519"), kid: "second" },
    rsa: { ...generateKeyPairSync("rsa", { modulusLength: 2048 }), kid: "rsa" },
    stranger: { ...generateKeyPairSync("ed25519"), kid: "stranger" },
  };
}

export function jwkOf({ publicKey, kid }: IssuerKeys): JWK {
  return { ...(publicKey.export({ format: "jwk" }) as JWK), kid, use: "sig" };
}

/** A good token, but for what `claims` and `header` change; a claim that is undefined is left out. */
export async function token(
  { privateKey, kid }: IssuerKeys,
  claims: Readonly<Record<string, unknown>> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT({ ...goodClaims(), ...claims })
    .setProtectedHeader({ alg: privateKey.asymmetricKeyType === "rsa" ? "RS256" : "EdDSA", kid, ...header })
    .sign(privateKey);
}

export function goodClaims(): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: AUDIENCE, sub: "somebody", role: "ADMIN", iat: now, exp: now + 600 };
}

/** Any header and claims, signed by any means. */
export function assembled(header: unknown, claims: unknown, signature: (input: string) => Buffer): string {
  const input = `${encoded(header)}.${encoded(claims)}`;
  return `${input}.${signature(input).toString("base64url")}`;
}

export interface Forgery {
  readonly what: string;
  /** Why it is refused, as the log says it. */
  readonly refused: TokenRefusal;
  readonly make: (keys: Keys) => string | Promise<string>;
}

/** Any header and claims, signed by the key. */
export function signedBy({ privateKey }: IssuerKeys, header: unknown, claims: unknown): string {
  return assembled(header, claims, (input) => sign(null, Buffer.from(input), privateKey));
}

function encoded(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
