import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import { notYourOwn } from "../../../shared/auth/access.ts";
import { type Changed, isSameIdentity, type ProfileUpdate, updated, type User } from "../domain/user.ts";
import { changeUser } from "../storage/change-user.ts";
import { userErased } from "./change-state.ts";
import type { SchedulingDeps } from "./deps.ts";
import { assertSeen } from "./seen-version.ts";
import { tellNow, type ChangedUser } from "./tell-booking.ts";

export interface AskedProfile extends ProfileUpdate {
  readonly userId: string;
  /** What the caller has seen; undefined: anything. */
  readonly etag: string | undefined;
  /** Whether the caller may change what the user is found by, and what its tokens name. */
  readonly mayIdentify: boolean;
}

/**
 * Changes what people may change of a user. Booking is told of another external id, as far as the caller's time goes; if that
 * does not suffice, it is told soon after.
 *
 * Throws Refusal NOT_YOUR_OWN, USER_NOT_FOUND, USER_ERASED, ETAG_MISMATCH, EMAIL_TAKEN, EXTERNAL_ID_TAKEN, BUSY, OUTCOME_UNKNOWN.
 */
export async function updateUser(
  deps: SchedulingDeps,
  caller: Caller & { readonly log: Logger },
  asked: AskedProfile,
): Promise<ChangedUser> {
  const { userId, etag, mayIdentify } = asked;
  const change = ({ state, profile, version }: User): Changed => {
    if (profile === undefined) throw userErased(userId);
    const after = updated(profile, asked);
    // What is sent back unchanged is no change.
    if (!mayIdentify && !isSameIdentity(profile, after)) throw notYourOwn();
    assertSeen(etag, version, "the user");
    return { state, profile: after };
  };
  const user = await changeUser(deps, userId, change, caller.trace);
  return { user, complete: await tellNow(deps, user, caller) };
}
