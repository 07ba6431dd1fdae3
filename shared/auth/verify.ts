/** Bearer tokens: JSON Web Tokens (RFC 7519), signed by an issuer whose keys we know. */

import { decodeJwt, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { isUuid } from "../uuid.ts";
import type { Identity, Role } from "./identity.ts";

/** Who may sign tokens, and for which roles. */
export interface Issuer {
  /** The `iss` of its tokens. */
  readonly name: string;
  /** The `aud` that its tokens must be for (among others, if they name several). */
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  /** It may vouch for these roles and for no other: a service's key makes no administrators. */
  readonly roles: readonly Role[];
}

/** A token that is not good. The reasons stay in here: they would help only a forger. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
  /** The token was good once. It is worth telling, because the client can do something about it. */
  readonly expired: boolean;

  constructor(cause: unknown, expired = false) {
    super(expired ? "the token has expired" : "the token is not valid", { cause });
    this.expired = expired;
  }
}

/** Signatures with a key pair only: a service that can verify an HMAC can also forge it. */
const ALGORITHMS = ["EdDSA", "ES256", "RS256"];
const REQUIRED_CLAIMS = ["iss", "aud", "sub", "iat", "exp"];
/** How far the clocks of those who sign may be off. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Printable ASCII: subjects are written down as the actors of events. */
const NAME = /^[!-~]{1,128}$/;
/** The actor of what the services do by themselves. No administrator may have this name, in any spelling. */
const SYSTEM = "system";

/** Seconds since 1970 (NumericDate), up to the year 9999. */
const numericDate = z.number().min(0).max(253_402_300_799);

/** The claims that are used, each of its type: jose looks at the type of some only, and a list of one text compares like the text. */
const claims = z.object({
  aud: z.union([z.string(), z.array(z.string())]),
  sub: z.string(),
  iat: numericDate,
  exp: numericDate,
});

/** Returns who the token says the caller is. Throws TokenRefused if it is not good, KeysOutOfReach if that cannot be told. */
export async function verifyToken(token: string, issuers: readonly Issuer[]): Promise<Identity> {
  const issuer = issuerOf(token, issuers);
  try {
    // Keys come from the issuer's set only: what the header says of `jwk`, `jku` or `x5u` is never looked at.
    const { payload } = await jwtVerify(token, issuer.keys, {
      issuer: issuer.name,
      audience: issuer.audience,
      algorithms: ALGORITHMS,
      requiredClaims: REQUIRED_CLAIMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return identityOf(payload, issuer);
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new TokenRefused(error, true);
    if (error instanceof errors.JOSEError) throw new TokenRefused(error);
    throw error;
  }
}

/** The issuer that the token names. Nothing is verified yet: it only decides by whose rules the token must be good. */
function issuerOf(token: string, issuers: readonly Issuer[]): Issuer {
  let name: unknown;
  try {
    name = decodeJwt(token).iss;
  } catch (cause) {
    throw new TokenRefused(cause);
  }
  const issuer = issuers.find((each) => each.name === name);
  if (issuer === undefined) throw new TokenRefused("unknown issuer");
  return issuer;
}

function identityOf(payload: JWTPayload, issuer: Issuer): Identity {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) throw new TokenRefused(parsed.error);
  const { sub, exp, iat } = parsed.data;
  if (iat > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS) throw new TokenRefused("issued in the future");
  const role = issuer.roles.find((each) => each === payload["role"]);
  if (role === undefined) throw new TokenRefused("a role that the issuer may not vouch for");
  if (!isSubjectOf(role, sub, issuer)) throw new TokenRefused("a subject that cannot have the role");
  const isUser = role === "HOST" || role === "USER";
  // An id has one spelling in here, the one that PostgreSQL prints.
  return { subject: isUser ? sub.toLowerCase() : sub, role, expireTime: exp * 1000 };
}

function isSubjectOf(role: Role, subject: string, issuer: Issuer): boolean {
  switch (role) {
    case "HOST":
    case "USER":
      return isUuid(subject);
    case "ADMIN":
      return NAME.test(subject) && subject.toLowerCase() !== SYSTEM;
    case "SERVICE":
      return subject === issuer.name;
  }
}
