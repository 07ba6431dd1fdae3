/** Who calls, and whether that role may, before the body is decoded: a stranger costs as little as possible. */

import { status } from "@grpc/grpc-js";
import { OPEN, scopeOf } from "../../auth/access.ts";
import { type Identity, nobody } from "../../auth/identity.ts";
import { KeysOutOfReach } from "../../auth/kept-keys.ts";
import { TokenRefused } from "../../auth/verify.ts";
import { bearerToken, tokenExpired, unauthenticated } from "./bearer.ts";
import { StatusError } from "../../status-error.ts";
import type { OpenCall } from "./open-call.ts";
import type { Route } from "../route.ts";

/** Who a token says the caller is. Throws as `verifyToken` does. */
export type Identify = (token: string) => Identity | Promise<Identity>;

/**
 * Who makes a call to the route, by the call's `authorization` header (undefined if there is none). At once if the token is
 * known: most calls must not wait even for a promise. Throws StatusError UNAUTHENTICATED, or UNAVAILABLE if the issuer's
 * keys are out of reach; rejects with the same.
 */
export function authenticate(
  identify: Identify,
  route: Route,
  authorization: string | undefined,
): Identity | Promise<Identity> {
  if (route.access === OPEN) return nobody;
  try {
    const caller = identify(bearerToken(authorization));
    return caller instanceof Promise ? caller.catch(refuse) : caller;
  } catch (thrown) {
    return refuse(thrown);
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

function refuse(thrown: unknown): never {
  if (thrown instanceof StatusError) throw thrown;
  if (thrown instanceof TokenRefused) throw thrown.expired ? tokenExpired() : unauthenticated(thrown);
  // Why is in the log already, once and not for every call.
  const cause = thrown instanceof KeysOutOfReach ? undefined : thrown;
  throw new StatusError(status.UNAVAILABLE, "access tokens cannot be verified at the moment", undefined, cause);
}
