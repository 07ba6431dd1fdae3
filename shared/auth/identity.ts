/** Who calls. */

import type { Instant } from "../interval.ts";

/** What people may be: the roles that the identity provider vouches for. */
export const personRoles = ["HOST", "USER", "ADMIN"] as const;
export type PersonRole = (typeof personRoles)[number];

/** SERVICE is the other service of the pair, and nobody else: it signs for itself, with a key of its own. */
export type Role = PersonRole | "SERVICE";

export interface Identity {
  /** A user's id for HOST and USER, the service's name for SERVICE; for ADMIN, whatever the identity provider calls it. */
  readonly subject: string;
  /** NOBODY: a call to a service that is open to everybody, such as health. */
  readonly role: Role | "NOBODY";
  /** When the token ends that says so. */
  readonly expireTime: Instant;
}

export const nobody: Identity = { subject: "", role: "NOBODY", expireTime: Infinity };
