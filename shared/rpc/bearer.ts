/** The `authorization` header, before anything is known of who sent it. */

import { status } from "@grpc/grpc-js";
import type { IncomingHttpHeaders } from "node:http";
import { StatusError } from "./errors.ts";
import { valuesOf } from "./raw-headers.ts";

/** Longer than any token that an identity provider should give out. Checked before a token costs anything. */
const TOKEN_MAX_CHARACTERS = 4096;

const BEARER = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i;

/** The token in `Bearer <token>`. Throws StatusError UNAUTHENTICATED if it is anything else. */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.length > TOKEN_MAX_CHARACTERS) throw unauthenticated();
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) throw unauthenticated();
  return token;
}

/** The one answer to whatever is wrong with a token: what it was would help only whoever makes them up. */
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
