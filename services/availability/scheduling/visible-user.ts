import type { Entitled } from "../../../shared/auth/access.ts";
import { type Caller, timeoutWithin } from "../../../shared/caller.ts";
import type { User } from "../domain/user.ts";
import { userNotFound } from "../storage/hosts.ts";
import { findUser } from "../storage/users.ts";
import type { SchedulingDeps } from "./deps.ts";

/** The longest that Booking is asked whether somebody is a guest. */
const HAS_GUEST_MAX_MS = 2000;

/**
 * The user with this id, if the caller may see it. HOST and USER see themselves and every host, a HOST also the guests of its
 * bookings. Others do not exist for them: what they are told is the same, byte for byte, and so is what it takes to find out.
 * So a HOST's question goes to Booking whether or not there is such a user; else Booking's silence would tell.
 *
 * Throws Refusal USER_NOT_FOUND, BUSY, PEER_UNAVAILABLE.
 */
export async function visibleUser(deps: SchedulingDeps, caller: Caller & Entitled, userId: string): Promise<User> {
  const { identity, scope } = caller;
  const user = await findUser(deps, userId, caller);
  const isOpen = scope === "everybody" || userId === identity.subject || user?.role === "HOST";
  const isSeen = isOpen || (identity.role === "HOST" && (await hasGuest(deps, caller, identity.subject, userId)));
  if (user === undefined || !isSeen) throw userNotFound(userId);
  return user;
}

async function hasGuest({ booking }: SchedulingDeps, caller: Caller, hostId: string, guestId: string) {
  const limits = {
    timeoutMs: timeoutWithin(caller.deadline, HAS_GUEST_MAX_MS),
    signal: caller.signal,
    trace: caller.trace,
  };
  return await booking.hasGuest(hostId, guestId, limits);
}
