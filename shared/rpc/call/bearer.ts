/** The `authorization` header, before anything is known of who sent it. */

import { status } from "@grpc/grpc-js";
import type { IncomingHttpHeaders } from "node:http";
import { type TokenRefusal, TokenRefused } from "../../auth/token-refused.ts";
import { StatusError } from "../../status-error.ts";
import { valuesOf } from "../wire/raw-headers.ts";

/** Longer than any token that an identity provider should give out. Checked before a token costs anything. */
const TOKEN_MAX_CHARACTERS = 4096;

const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The token in `Bearer <token>`. Throws TokenRefused if it is anything else. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined) throw new TokenRefused("HEADER_MISSING");
  if (authorization.length > TOKEN_MAX_CHARACTERS) throw new TokenRefused(tooMuch(authorization));
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw new TokenRefused(wrongForm(authorization));
  if (!endsCanonically(token)) throw new TokenRefused("SIGNATURE_SPELLING");
  return token;
}

function tooMuch(authorization: string): TokenRefusal {
  return authorization.includes(",") ? "HEADER_REPEATED" : "HEADER_TOO_LONG";
}

function wrongForm(authorization: string): TokenRefusal {
  const [scheme = "", token, ...more] = authorization.split(/ +/);
  if (authorization.includes(",")) return "HEADER_REPEATED";
  if (scheme.toLowerCase() !== "bearer" || token === undefined || more.length > 0) return "NOT_BEARER";
  const parts = token.split(".");
  return parts.length !== 3 || parts.includes("") ? "NOT_THREE_PARTS" : "NOT_BASE64URL";
}

/** The last characters that base64url may have, by the length of the text modulo 4: others have bits that count for nothing. */
const LAST_CHARACTERS = [undefined, "", "AQgw", "AEIMQUYcgkosw048"];

/**
 * Whether the signature has its one right spelling (RFC 4648, 3.5). The other spellings are good signatures too, and each
 * would count as a new token, which is verified and remembered beside the others. The rest of the token cannot be
 * spelled otherwise, because it is the text that is signed.
 */
function endsCanonically(token: string): boolean {
  const length = token.length - token.lastIndexOf(".") - 1;
  return LAST_CHARACTERS[length % 4]?.includes(token.at(-1) ?? "") ?? true;
}

/**
 * The answer to a bad token. It is the same for all: a reason would help only a forger. That a token has expired is told,
 * because the client can do something about it. `tellsWhy`: in development there is nothing to forge.
 */
export function unauthenticated(refused: TokenRefused, tellsWhy: boolean): StatusError {
  const said = refused.reason === "EXPIRED" ? "the access token has expired" : "a valid access token is required";
  const message = tellsWhy ? `${said}: ${refused.reason}, ${refused.message}` : said;
  return new StatusError(status.UNAUTHENTICATED, message, undefined, refused);
}

/** The end of a call that its caller's token does not outlive. */
export function tokenExpired(): StatusError {
  return unauthenticated(new TokenRefused("EXPIRED"), false);
}

/**
 * Makes one value, in place, of an `authorization` header that came more than once. Node keeps the first and drops the
 * others, while a proxy in front of us may have looked at the last one. Joined they are no token, and are refused.
 */
export function joinRepeatedAuthorization(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
  const values = valuesOf(rawHeaders, "authorization");
  if (values.length > 1) headers.authorization = values.join(", ");
}
