/** Who calls. */

import type { Instant } from "../interval.ts";

/** What people may be: the roles that the identity provider vouches for. */
export const personRoles = ["HOST", "USER", "ADMIN"] as const;
export type PersonRole = (typeof personRoles)[number];

/** The roles of users. An administrator need not be one. */
export type UserRole = Exclude<PersonRole, "ADMIN">;

/** SERVICE is the other service of the pair only: it signs for itself, with a key of its own. */
export type Role = PersonRole | "SERVICE";

export interface Identity {
  /** A user's id for HOST and USER, the service's name for SERVICE; for ADMIN, what the identity provider calls it. */
  readonly subject: string;
  /** NOBODY: a caller without a token, of a service that needs none, such as health. */
  readonly role: Role | "NOBODY";
  /** When the token ends that says so. */
  readonly expireTime: Instant;
}

export const nobody: Identity = { subject: "", role: "NOBODY", expireTime: Infinity };
