/**
 * Who may call what, as a table: method × role × whose data. The role is checked before the body is read; whose data it is
 * about is known only after that, so every handler says so, to `assertMay` or `may`. `test/auth/access.test.ts` walks the
 * whole table against a running pair.
 */

import type { DescService } from "@bufbuild/protobuf";
import { Refusal } from "../errors.ts";
import type { Identity, Role } from "./identity.ts";

/** Where a user may stand in what a call is about. */
export type Owner = "host" | "guest" | "user";

/** Which data a role may touch with a method: data in which the caller stands here, what the method finds that it may see, or all. */
export type Scope = Owner | "visible" | "everybody";

/** The roles that may call a method. A role that is not named may not. */
export type MethodAccess = Readonly<Partial<Record<Role, Scope>>>;

/** The access of every method of a service. A method that is forgotten does not compile. */
export type Access<S extends DescService> = { readonly [Method in keyof S["method"]]: MethodAccess };

/** For methods that need no token: health and reflection. */
export const OPEN = "open";

/** A caller whose role has been checked. */
export interface Entitled {
  readonly identity: Identity;
  /** What the table gives the caller's role for this method. */
  readonly scope: Scope;
}

/** The users in what a call is about, by where they stand in it. */
export type Owners = Readonly<Partial<Record<Owner, string | undefined>>>;

/** What the role may touch with the method. Throws Refusal ROLE_NOT_ALLOWED if it may not call it at all. */
export function scopeOf(access: MethodAccess | typeof OPEN, { role }: Identity): Scope {
  if (access === OPEN) return "everybody";
  const scope = role === "NOBODY" ? undefined : access[role];
  if (scope === undefined) throw roleNotAllowed(role);
  return scope;
}

/** Whether the caller may do to what belongs to `owners` what the method does. */
export function may({ identity, scope }: Entitled, owners: Owners): boolean {
  if (scope === "everybody") return true;
  return scope !== "visible" && owners[scope] === identity.subject;
}

/**
 * Throws Refusal NOT_YOUR_OWN unless the caller may. Only for owners that the request itself names: where they are
 * looked up, the difference between "not yours" and "not there" tells strangers what exists.
 */
export function assertMay(caller: Entitled, owners: Owners): void {
  if (!may(caller, owners)) throw notYourOwn();
}

function roleNotAllowed(role: Identity["role"]): Refusal {
  return new Refusal("ROLE_NOT_ALLOWED", `a caller with the role ${role} may not call this method`);
}

export function notYourOwn(): Refusal {
  return new Refusal("NOT_YOUR_OWN", "with this role, the method is for the caller's own data only");
}
