/** From a token to who calls: what the token vouches for, and which user it names. */

import type { Caller } from "../caller.ts";
import type { Claims } from "./claims.ts";
import type { Identity, UserRole } from "./identity.ts";
import { type TokenRefusal, TokenRefused } from "./token-refused.ts";

/** The user whom a token names. */
export interface TokenUser {
  readonly id: string;
  readonly role: UserRole;
  readonly isErased: boolean;
}

/**
 * The user whose id or else external id is the claims' subject; undefined if there is none. At once where it is known. Rejects
 * with a Refusal or CallersOutOfReach if it cannot be told at the moment.
 */
export type FindTokenUser = (claims: Claims, caller: Caller) => TokenUser | undefined | Promise<TokenUser | undefined>;

/** Who a token says the caller is. `caller` is how long it waits for that. */
export type Identify = (token: string, caller: Caller) => Identity | Promise<Identity>;

/** It cannot be told at the moment which user a token names; the log has said why. */
export class CallersOutOfReach extends Error {
  override readonly name = "CallersOutOfReach";
}

/**
 * Who calls with a token, by what it vouches for and by the user whom it names. At once where both are known: most calls must
 * not wait even for a promise. Throws as `verify` and `findUser` do, and TokenRefused.
 */
export function identifyBy(verify: (token: string) => Claims | Promise<Claims>, findUser: FindTokenUser): Identify {
  const identify = (claims: Claims, caller: Caller): Identity | Promise<Identity> => {
    if (claims.identity !== undefined) return claims.identity;
    const user = findUser(claims, caller);
    return user instanceof Promise ? user.then((found) => identityOf(claims, found)) : identityOf(claims, user);
  };
  return (token, caller) => {
    const claims = verify(token);
    return claims instanceof Promise ? claims.then((known) => identify(known, caller)) : identify(claims, caller);
  };
}

function identityOf(claims: Claims, user: TokenUser | undefined): Identity {
  if (user === undefined) throw refusal("SUBJECT_UNKNOWN", claims);
  if (user.isErased) throw refusal("USER_ERASED", claims, user);
  if (!claims.roles.includes(user.role)) throw refusal("ROLE_NOT_OF_USER", claims, user);
  return { subject: user.id, role: user.role, expireTime: claims.expireTime };
}

/** Its calls are counted as the user's, if there is one. No subject of a caller has a blank, so the others count by themselves. */
function refusal(reason: TokenRefusal, { issuer, subject }: Claims, user?: TokenUser): TokenRefused {
  return new TokenRefused(reason, { issuer, subject, countedAs: user?.id ?? `${issuer} ${subject}` });
}
