/** What a token says of its bearer: claims that are found, and read, as the settings say. */

import type { JWTPayload } from "jose";
import { z } from "zod";
import type { Instant } from "../interval.ts";
import { SUBJECT_MAX_CHARACTERS } from "../limits.ts";
import { type Identity, type PersonRole, personRoles, type Role, type UserRole } from "./identity.ts";
import { TokenRefused } from "./token-refused.ts";

/** The names that lead to a claim, from the outermost object to the innermost. */
export type ClaimPath = readonly string[];

/** Where an issuer's tokens have what we need, and what it means. */
export interface ClaimSettings {
  readonly subject: ClaimPath;
  readonly role: ClaimPath;
  /** What each value of the role claim means. Values that are not here mean nothing. */
  readonly meanings: ReadonlyMap<string, readonly Role[]>;
}

/** What a token vouches for. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  /** The bearer is a user with one of these roles: the user's own role decides. Empty where `identity` is set. */
  readonly roles: readonly UserRole[];
  /** When the token ends. */
  readonly expireTime: Instant;
  /** Who the bearer is where the token alone says so: an administrator, or the other service. */
  readonly identity: Identity | undefined;
}

/** The claims of our own tokens: of the services, and of development. */
export const ownClaims = { subject: ["sub"], role: ["role"] } as const;

/**
 * The path in a setting. Names have dots between them, and `\.` where a name has a dot; a text with `://` is one name, as in the
 * namespaced claims of Auth0.
 */
export function claimPath(text: string): ClaimPath {
  if (text.includes("://")) return [text];
  return text.split(/(?<!\\)\./).map((name) => name.replaceAll("\\.", "."));
}

/** What the values mean that the identity provider has for each of our roles. */
export function meaningsOf(values: Readonly<Record<PersonRole, readonly string[]>>): ClaimSettings["meanings"] {
  const meanings = new Map<string, PersonRole[]>();
  for (const role of personRoles) {
    for (const value of values[role]) meanings.set(value, [...(meanings.get(value) ?? []), role]);
  }
  return meanings;
}

/** The claim at the path; undefined if it is not there. */
export function claimAt(payload: JWTPayload, path: ClaimPath): unknown {
  let value: unknown = payload;
  for (const name of path) {
    // Only its own: every object has a `constructor`.
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** What the claims of a verified token say. `mayVouchFor`: the roles that its issuer may give. Throws TokenRefused. */
export function readClaims(
  payload: JWTPayload & { readonly exp: number },
  issuer: string,
  settings: ClaimSettings,
  mayVouchFor: readonly Role[],
): Claims {
  const subject = readSubject(claimAt(payload, settings.subject));
  const roles = readRoles(claimAt(payload, settings.role), settings.meanings, mayVouchFor);
  const expireTime = payload.exp * 1000;
  const role = roles.find((each) => each === "ADMIN" || each === "SERVICE");
  if (role === undefined) {
    if (!isUserSubject(subject)) throw new TokenRefused("SUBJECT_INVALID");
    return { issuer, subject, roles: roles.filter(isUserRole), expireTime, identity: undefined };
  }
  const isGood = role === "ADMIN" ? isName(subject) : subject === issuer;
  if (!isGood) throw new TokenRefused("SUBJECT_INVALID");
  return { issuer, subject, roles: [], expireTime, identity: { subject, role, expireTime } };
}

function readSubject(claim: unknown): string {
  if (claim === undefined) throw new TokenRefused("SUBJECT_MISSING");
  if (typeof claim !== "string") throw new TokenRefused("SUBJECT_NOT_TEXT");
  return claim;
}

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);

function readRoles(claim: unknown, meanings: ClaimSettings["meanings"], mayVouchFor: readonly Role[]): Role[] {
  if (claim === undefined) throw new TokenRefused("ROLE_MISSING");
  const values = texts.safeParse(claim);
  if (!values.success) throw new TokenRefused("ROLE_INVALID", {}, values.error);
  const roles = values.data.flatMap((value) => meanings.get(value) ?? []);
  if (roles.length > 0) return roles;
  const isOurs = values.data.some((value) => isRole(value) && !mayVouchFor.includes(value));
  throw new TokenRefused(isOurs ? "ROLE_NOT_OF_ISSUER" : "ROLE_UNKNOWN");
}

function isRole(value: string): value is Role {
  return value === "SERVICE" || personRoles.some((role) => role === value);
}

function isUserRole(role: Role): role is UserRole {
  return role === "HOST" || role === "USER";
}

/** As an external id may be. What is not well-formed or has control characters, PostgreSQL would change or refuse. */
const USER_SUBJECT = new RegExp(`^\\P{Cc}{1,${SUBJECT_MAX_CHARACTERS}}$`, "u");

function isUserSubject(subject: string): boolean {
  return USER_SUBJECT.test(subject) && subject.isWellFormed();
}

/** Printable ASCII: the subjects of administrators are written down as the actors of events. */
const NAME = /^[!-~]{1,128}$/;
/** The actor of what the services do by themselves. No administrator may have this name, in any spelling. */
const SYSTEM = "system";

function isName(subject: string): boolean {
  return NAME.test(subject) && subject.toLowerCase() !== SYSTEM;
}
