/** Bearer tokens: JSON Web Tokens (RFC 7519), signed by an issuer whose keys we know. */

import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { claimAt, type Claims, type ClaimSettings, ownClaims, readClaims } from "./claims.ts";
import type { Role } from "./identity.ts";
import { type TokenRefusal, TokenRefused } from "./token-refused.ts";

/** Who may sign tokens, and for which roles. */
export interface Issuer {
  /** The `iss` of its tokens. */
  readonly name: string;
  /** The `aud` that its tokens must be for (among others, if they name several). */
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  readonly claims: ClaimSettings;
  /** It may vouch for these roles and for no other: a service's key makes no administrators. */
  readonly roles: readonly Role[];
}

/** Signatures with a key pair only: a service that can verify an HMAC can also forge it. */
const ALGORITHMS = ["EdDSA", "ES256", "RS256"];
const REQUIRED_CLAIMS = ["iss", "aud", "iat", "exp"];
/** How far the clocks of those who sign may be off. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Returns what the token says of its bearer. Throws TokenRefused if it is not good, KeysOutOfReach if that cannot be told. */
export async function verifyToken(token: string, issuers: readonly Issuer[]): Promise<Claims> {
  const payload = payloadOf(token);
  const issuer = issuers.find(({ name }) => name === payload.iss);
  try {
    assertHeader(token);
    if (issuer === undefined) throw new TokenRefused(isText(payload.iss) ? "ISSUER_UNKNOWN" : "ISSUER_MISSING");
    return await verifyBy(issuer, token);
  } catch (error) {
    const reason = refusalFor(error);
    if (reason === undefined) throw error;
    const subject = claimAt(payload, issuer?.claims.subject ?? ownClaims.subject);
    throw new TokenRefused(reason, { issuer: payload.iss, subject }, error);
  }
}

/** Nothing is verified yet: it only decides by whose rules the token must be good, and what a log says of it. */
function payloadOf(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch (cause) {
    throw new TokenRefused("CLAIMS_UNREADABLE", {}, cause);
  }
}

function assertHeader(token: string): void {
  let header;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw new TokenRefused("HEADER_UNREADABLE", {}, cause);
  }
  if (!isText(header.alg) || !ALGORITHMS.includes(header.alg)) throw new TokenRefused("ALGORITHM_NOT_ALLOWED");
  if (header.crit !== undefined) throw new TokenRefused("CRITICAL_HEADER");
}

async function verifyBy(issuer: Issuer, token: string): Promise<Claims> {
  // Keys come from the issuer's set only: what the header says of `jwk`, `jku` or `x5u` is never looked at.
  const { payload } = await jwtVerify(token, issuer.keys, {
    issuer: issuer.name,
    audience: issuer.audience,
    algorithms: ALGORITHMS,
    requiredClaims: REQUIRED_CLAIMS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  });
  const typed = checked(payload);
  return readClaims({ ...payload, ...typed }, issuer.name, issuer.claims, issuer.roles);
}

/** Seconds since 1970 (NumericDate), up to the year 9999. */
const numericDate = z.number().min(0).max(253_402_300_799);
const audiences = z.union([z.string(), z.array(z.string())]);

/** The claims that every token has, each of its type: a list of one text compares like the text, and jose takes any number for a time. */
function checked({ aud, iat, exp }: JWTPayload): { readonly exp: number } {
  if (!audiences.safeParse(aud).success) throw new TokenRefused("AUDIENCE_INVALID");
  const [issued, ends] = [numericDate.safeParse(iat), numericDate.safeParse(exp)];
  if (!issued.success) throw new TokenRefused("ISSUE_TIME_INVALID");
  if (!ends.success) throw new TokenRefused("EXPIRY_INVALID");
  if (issued.data > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS) throw new TokenRefused("ISSUED_IN_FUTURE");
  return { exp: ends.data };
}

/** What jose says of a claim, by the claim and by what is wrong with it. */
const claimRefusals: Readonly<Record<string, Readonly<Record<string, TokenRefusal>>>> = {
  iss: { missing: "ISSUER_MISSING", check_failed: "ISSUER_UNKNOWN" },
  aud: { missing: "AUDIENCE_MISSING", check_failed: "AUDIENCE_OTHER" },
  exp: { missing: "EXPIRY_MISSING", invalid: "EXPIRY_INVALID" },
  nbf: { invalid: "NOT_BEFORE_INVALID", check_failed: "NOT_YET_VALID" },
  iat: { missing: "ISSUE_TIME_MISSING", invalid: "ISSUE_TIME_INVALID" },
};

/** Why the token is refused; undefined if the error says nothing of the token. */
function refusalFor(error: unknown): TokenRefusal | undefined {
  if (error instanceof TokenRefused) return error.reason;
  if (error instanceof errors.JWTExpired) return "EXPIRED";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return claimRefusals[error.claim]?.[error.reason] ?? "TOKEN_INVALID";
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "ALGORITHM_NOT_ALLOWED";
  if (error instanceof errors.JWKSNoMatchingKey) return "KEY_UNKNOWN";
  if (error instanceof errors.JWKSMultipleMatchingKeys) return "KEY_AMBIGUOUS";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "SIGNATURE_WRONG";
  return error instanceof errors.JOSEError ? "TOKEN_INVALID" : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
