/** What a user still does: as the services name it, and as the contract numbers it. */

import { UserState } from "../gen/availability/v1/user_pb.ts";

export const userStateNumber = {
  ACTIVE: UserState.ACTIVE,
  DEACTIVATED: UserState.DEACTIVATED,
  ERASED: UserState.ERASED,
} as const;

export type UserStateName = keyof typeof userStateNumber;

/** The numbers that have a name. */
export type KnownUserState = (typeof userStateNumber)[UserStateName];

const names: Readonly<Record<KnownUserState, UserStateName>> = {
  [UserState.ACTIVE]: "ACTIVE",
  [UserState.DEACTIVATED]: "DEACTIVATED",
  [UserState.ERASED]: "ERASED",
};

/** The name of a number; undefined for one that a later contract may have, and for "unspecified". */
export function userStateName(number: KnownUserState): UserStateName;
export function userStateName(number: UserState): UserStateName | undefined;
export function userStateName(number: UserState): UserStateName | undefined {
  return (names as Readonly<Partial<Record<UserState, UserStateName>>>)[number];
}
