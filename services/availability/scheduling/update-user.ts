import type { Logger } from "pino";
import type { Caller } from "../../../shared/caller.ts";
import { type ProfileUpdate, updated, type User } from "../domain/user.ts";
import { changeUser } from "../storage/change-user.ts";
import { userErased } from "./change-state.ts";
import type { SchedulingDeps } from "./deps.ts";
import { assertSeen } from "./seen-version.ts";
import { tellNow } from "./tell-booking.ts";

export interface AskedProfile extends ProfileUpdate {
  readonly userId: string;
  /** What the caller has seen; undefined: anything. */
  readonly etag: string | undefined;
}

/**
 * Changes what people may change of a user. Booking is told of another external id, as far as the caller's time goes; if that
 * does not suffice, it is told soon after.
 *
 * Throws Refusal USER_NOT_FOUND, USER_ERASED, ETAG_MISMATCH, EMAIL_TAKEN, EXTERNAL_ID_TAKEN, BUSY, OUTCOME_UNKNOWN.
 */
export async function updateUser(
  deps: SchedulingDeps,
  caller: Caller & { readonly log: Logger },
  asked: AskedProfile,
): Promise<User> {
  const { userId, etag } = asked;
  const user = await changeUser(deps, userId, ({ state, profile, version }) => {
    if (profile === undefined) throw userErased(userId);
    assertSeen(etag, version, "the user");
    return { state, profile: updated(profile, asked) };
  });
  await tellNow(deps, user, caller);
  return user;
}
