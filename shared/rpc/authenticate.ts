/** Who calls, and whether that role may, before the body is decoded: a stranger costs as little as possible. */

import { status } from "@grpc/grpc-js";
import { OPEN, scopeOf } from "../auth/access.ts";
import type { Identity } from "../auth/identity.ts";
import { TokenRefused } from "../auth/verify.ts";
import { bearerToken, tokenExpired, unauthenticated } from "./bearer.ts";
import { StatusError } from "./errors.ts";
import type { OpenCall } from "./open-call.ts";
import type { Route } from "./route.ts";

/** Who a token says the caller is. Throws as `verifyToken` does. */
export type Identify = (token: string) => Identity | Promise<Identity>;

/**
 * Tells the call who makes it, and what of the method is open to that role. Both listeners ask with the `authorization`
 * header (undefined if there is none). Throws StatusError UNAUTHENTICATED, PERMISSION_DENIED, or UNAVAILABLE if the
 * issuer's keys are out of reach.
 */
export async function authenticate(
  identify: Identify,
  route: Route,
  call: OpenCall,
  authorization: string | undefined,
): Promise<void> {
  if (route.access === OPEN) return;
  try {
    call.identity = await identify(bearerToken(authorization));
  } catch (thrown) {
    throw endingFor(thrown);
  }
  call.scope = scopeOf(route.access, call.identity);
  if (route.kind !== "unary") call.endWithToken();
}

function endingFor(thrown: unknown): StatusError {
  if (thrown instanceof StatusError) return thrown;
  if (thrown instanceof TokenRefused) return thrown.expired ? tokenExpired() : unauthenticated(thrown);
  return new StatusError(status.UNAVAILABLE, "access tokens cannot be verified at the moment", undefined, thrown);
}
