/** The `authorization` header, before anything is known of who sent it. */

import { status } from "@grpc/grpc-js";
import type { IncomingHttpHeaders } from "node:http";
import { StatusError } from "../../status-error.ts";
import { valuesOf } from "../wire/raw-headers.ts";

/** Longer than any token that an identity provider should give out. Checked before a token costs anything. */
const TOKEN_MAX_CHARACTERS = 4096;

const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The token in `Bearer <token>`. Throws StatusError UNAUTHENTICATED if it is anything else. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.length > TOKEN_MAX_CHARACTERS) throw unauthenticated();
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined || !endsCanonically(token)) throw unauthenticated();
  return token;
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

/** The one answer to every bad token: a reason would help only a forger. */
export function unauthenticated(cause?: unknown): StatusError {
  return new StatusError(status.UNAUTHENTICATED, "a valid access token is required", undefined, cause);
}

export function tokenExpired(): StatusError {
  return new StatusError(status.UNAUTHENTICATED, "the access token has expired");
}

/**
 * Makes one value, in place, of an `authorization` header that came more than once. Node keeps the first and drops the
 * others, while a proxy in front of us may have looked at the last one. Joined they are no token, and are refused.
 */
export function joinRepeatedAuthorization(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
  const values = valuesOf(rawHeaders, "authorization");
  if (values.length > 1) headers.authorization = values.join(", ");
}
