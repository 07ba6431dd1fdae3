/** Why a token is not good: a closed list, for the log of every service and for the answers of one in development. */

/** Each reason in words. They name no value: an answer must not repeat what a stranger sent. */
export const refusalWords = {
  HEADER_MISSING: "the call has no authorization header",
  HEADER_REPEATED: "the authorization header comes more than once, or has more than one value",
  HEADER_TOO_LONG: "the authorization header has more than 4096 characters",
  NOT_BEARER: "the authorization header is not Bearer, a blank and a token",
  NOT_THREE_PARTS: "the token is not three parts with dots between them, none of them empty",
  NOT_BASE64URL: "a part of the token has a character that base64url does not have",
  SIGNATURE_SPELLING: "the signature is spelled in another way than base64url does",
  HEADER_UNREADABLE: "the first part of the token is not a JSON object",
  CLAIMS_UNREADABLE: "the second part of the token is not a JSON object",
  ISSUER_MISSING: "the token has no iss, or one that is not a text",
  ISSUER_UNKNOWN: "iss is neither AUTH_ISSUER nor the other service",
  ALGORITHM_NOT_ALLOWED: "the token is signed with another algorithm than EdDSA, ES256 and RS256",
  CRITICAL_HEADER: "the token's header has crit, and this service knows no such extension",
  KEY_UNKNOWN: "the issuer has no key with the token's kid and alg",
  KEY_AMBIGUOUS: "the token names no kid, and the issuer has several keys for its alg",
  SIGNATURE_WRONG: "the signature is not by the key that the token names",
  AUDIENCE_MISSING: "the token has no aud",
  AUDIENCE_INVALID: "aud is neither a text nor a list of texts",
  AUDIENCE_OTHER: "aud does not have this service's AUTH_AUDIENCE",
  EXPIRY_MISSING: "the token has no exp",
  EXPIRY_INVALID: "exp is not a number of seconds since 1970",
  EXPIRED: "the token has expired",
  NOT_BEFORE_INVALID: "nbf is not a number of seconds since 1970",
  NOT_YET_VALID: "the token is not valid yet: nbf is in the future",
  ISSUE_TIME_MISSING: "the token has no iat",
  ISSUE_TIME_INVALID: "iat is not a number of seconds since 1970",
  ISSUED_IN_FUTURE: "iat is in the future",
  SUBJECT_MISSING: "the token does not have the claim that AUTH_SUBJECT_CLAIM names",
  SUBJECT_NOT_TEXT: "the claim that AUTH_SUBJECT_CLAIM names is not a text",
  SUBJECT_INVALID:
    "the subject cannot be that of a caller with this role: it is empty, too long, or has characters that it must not have",
  ROLE_MISSING: "the token does not have the claim that AUTH_ROLE_CLAIM names",
  ROLE_INVALID: "the claim that AUTH_ROLE_CLAIM names is neither a text nor a list of texts",
  ROLE_UNKNOWN: "no value of the claim that AUTH_ROLE_CLAIM names means HOST, USER or ADMIN",
  ROLE_NOT_OF_ISSUER: "the issuer may not make its bearer a caller with this role",
  SUBJECT_UNKNOWN: "no user has the subject as its id or external_id",
  USER_ERASED: "the user whom the subject names is erased",
  ROLE_NOT_OF_USER: "the token does not have the role of the user whom it names",
  TOKEN_INVALID: "the token is not a signed JSON Web Token",
} as const;

export type TokenRefusal = keyof typeof refusalWords;

/** Whose a refused token claims to be, as far as that could be read. What the log gets of it need not be verified. */
export interface Claimed {
  readonly issuer?: unknown;
  readonly subject?: unknown;
  /** By what calls with the token are counted. Only of a token that is verified: others cost no more than their signature. */
  readonly countedAs?: string;
}

/** A token that is not good. Why is for the log, and in development for the caller: elsewhere it would help only a forger. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
  readonly reason: TokenRefusal;
  /** What the log may have of whose token it is. */
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly countedAs: string | undefined;

  constructor(reason: TokenRefusal, { issuer, subject, countedAs }: Claimed = {}, cause?: unknown) {
    super(refusalWords[reason], { cause });
    this.reason = reason;
    this.issuer = forLog(issuer);
    this.subject = forLog(subject);
    this.countedAs = countedAs;
  }
}

const SHOWN_MAX_CHARACTERS = 128;

/** What would let a line of the log look like another one: control characters, marks of direction, ends of lines. */
const NOT_FOR_LOG = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A text of a token as a log may keep it: not all of a long one, and of an e-mail address no more than its domain. The name before
 * an `@` may have any characters where it is quoted, so all before the last one is hidden; and before it is cut, or what has lost
 * its `@` would be shown.
 */
function forLog(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const visible = value.replaceAll(NOT_FOR_LOG, "");
  const domainAt = visible.lastIndexOf("@");
  const shown = domainAt === -1 ? visible : `…${visible.slice(domainAt)}`;
  return shown.slice(0, SHOWN_MAX_CHARACTERS).toWellFormed();
}
