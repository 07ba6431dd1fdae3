import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import type { Changed, User, UserState } from "../domain/user.ts";
import { Refusal } from "../../../shared/errors.ts";
import { changeUser } from "../storage/change-user.ts";
import type { SchedulingDeps } from "./deps.ts";
import { tellNow, type ChangedUser } from "./tell-booking.ts";

/**
 * Gives a user a state and tells Booking. A user who has it already is not changed, but Booking is asked how far it is.
 * Throws Refusal USER_NOT_FOUND, USER_ERASED, BUSY, OUTCOME_UNKNOWN.
 */
export async function changeState(
  deps: SchedulingDeps,
  caller: Caller & { readonly log: Logger },
  userId: string,
  state: UserState,
): Promise<ChangedUser> {
  const change = (before: User): Changed => {
    if (before.state === "ERASED" && state !== "ERASED") throw userErased(userId);
    return { state, profile: state === "ERASED" ? undefined : before.profile };
  };
  const user = await changeUser(deps, userId, change, caller.trace);
  return { user, complete: await tellNow(deps, user, caller) };
}

export function userErased(userId: string): Refusal {
  return new Refusal("USER_ERASED", "the user is erased for good", { resource: { type: "User", name: userId } });
}
