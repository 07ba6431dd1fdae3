/** Hosts and guests, and how one changes. */

import type { Instant } from "../../../shared/interval.ts";

export type Role = "HOST" | "USER";
export type UserState = "ACTIVE" | "DEACTIVATED" | "ERASED";

/** What people may change of a user. */
export interface Profile {
  readonly email: string;
  readonly displayName: string;
  /** What the identity provider calls the user. Undefined: its id only. */
  readonly externalId: string | undefined;
}

export interface User {
  /** UUID, version 7: the order of ids is that of creation. */
  readonly id: string;
  readonly role: Role;
  readonly state: UserState;
  /** Undefined where the user is erased: nothing is left of it. */
  readonly profile: Profile | undefined;
  /** Counts changes, from 1. */
  readonly version: number;
  /** The last version of which Booking has done all that it has to, or that does not concern it. */
  readonly toldVersion: number;
  readonly createTime: Instant;
}

/** What a change leaves behind. */
export type Changed = Pick<User, "state" | "profile">;

/**
 * What is asked to change. With `mask` the fields that it names: an external id that is not given goes, the others are given.
 * Without, those that are given.
 */
export interface ProfileUpdate {
  readonly given: { readonly [Field in keyof Profile]?: Profile[Field] | undefined };
  readonly mask: readonly (keyof Profile)[] | undefined;
}

export function updated(profile: Profile, update: ProfileUpdate): Profile {
  return { ...profile, ...Object.fromEntries(namedFields(update).map((field) => [field, update.given[field]])) };
}

/** The fields that an update is about, also where it gives what is there already. */
function namedFields({ given, mask }: ProfileUpdate): readonly (keyof Profile)[] {
  return mask ?? (Object.keys(given) as (keyof Profile)[]).filter((field) => given[field] !== undefined);
}

/** Whether two are found by the same address and named by the same tokens. */
export function isSameIdentity(before: Profile, after: Profile): boolean {
  return before.email === after.email && before.externalId === after.externalId;
}

/** Whether two are the same in all that can change. */
export function isUnchanged(before: Changed, after: Changed): boolean {
  return (
    before.state === after.state &&
    before.profile?.email === after.profile?.email &&
    before.profile?.displayName === after.profile?.displayName &&
    before.profile?.externalId === after.profile?.externalId
  );
}

/** Whether Booking must be told of a change: it keeps states, and who has which token. */
export function concernsBooking(before: Changed, after: Changed): boolean {
  return before.state !== after.state || before.profile?.externalId !== after.profile?.externalId;
}
