/** Who calls, and whether that role may, before the body is decoded: a stranger costs as little as possible. */

import { status } from "@grpc/grpc-js";
import { OPEN, scopeOf } from "../../auth/access.ts";
import { type Identity, nobody } from "../../auth/identity.ts";
import { KeysOutOfReach } from "../../auth/kept-keys.ts";
import { CallersOutOfReach, type Identify } from "../../auth/identify.ts";
import { TokenRefused } from "../../auth/token-refused.ts";
import type { Caller } from "../../caller.ts";
import { Refusal } from "../../errors.ts";
import { SECOND_MS } from "../../time-units.ts";
import { retryInfo } from "../error-details.ts";
import { bearerToken, unauthenticated } from "./bearer.ts";
import { StatusError } from "../../status-error.ts";
import type { OpenCall } from "./open-call.ts";
import type { Route } from "../route.ts";

/** When to come again if it cannot be told who calls. */
const RETRY_AFTER_MS = SECOND_MS;

/** How callers are known. */
export interface Authentication {
  readonly identify: Identify;
  /** Whether a caller is told why its token was refused. */
  readonly tellsWhy: boolean;
}

/**
 * Who makes a call to the route, by the call's `authorization` header (undefined if there is none). At once if the token is
 * known: most calls must not wait even for a promise. Throws StatusError UNAUTHENTICATED, or UNAVAILABLE if it cannot be told
 * who calls: the issuer's keys or the user are out of reach; rejects with the same. Throws Refusal BUSY while our own database is.
 */
export function authenticate(
  { identify, tellsWhy }: Authentication,
  route: Route,
  authorization: string | undefined,
  waiting: Caller,
): Identity | Promise<Identity> {
  if (route.access === OPEN) return nobody;
  try {
    const caller = identify(bearerToken(authorization), waiting);
    return caller instanceof Promise ? caller.catch((thrown: unknown) => refuse(thrown, tellsWhy)) : caller;
  } catch (thrown) {
    return refuse(thrown, tellsWhy);
  }
}

/**
 * Notes in the call what of its method is open to its caller's role. Throws Refusal ROLE_NOT_ALLOWED. A stream will end
 * with its caller's token.
 */
export function authorise(route: Route, call: OpenCall): void {
  if (route.access === OPEN) return;
  call.scope = scopeOf(route.access, call.identity);
  if (route.kind !== "unary") call.endWithToken();
}

function refuse(thrown: unknown, tellsWhy: boolean): never {
  if (thrown instanceof TokenRefused) throw unauthenticated(thrown, tellsWhy);
  // The caller left, its deadline passed, or the database is out of reach.
  if (thrown instanceof StatusError || thrown instanceof Refusal || thrown instanceof DOMException) throw thrown;
  // Why is in the log already, once and not for every call.
  const isLogged = thrown instanceof KeysOutOfReach || thrown instanceof CallersOutOfReach;
  const cause = isLogged ? undefined : thrown;
  const details = [retryInfo(RETRY_AFTER_MS)];
  throw new StatusError(status.UNAVAILABLE, "access tokens cannot be verified at the moment", { details }, cause);
}
