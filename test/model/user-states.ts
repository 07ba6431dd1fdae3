/** Hosts and guests who are deactivated and made active again, in a sequence of steps. */

import * as fc from "fast-check";
import { expect } from "vitest";
import { UserState } from "../../shared/gen/availability/v1/user_pb.ts";
import type { Clients } from "../support/clients.ts";

/** `who`: 0 is the host, and the guests follow. */
export interface StateStep {
  readonly kind: "state";
  readonly who: number;
  readonly isActive: boolean;
}

/** Mostly active, or most of what follows would be refused. */
export const anyState: fc.Arbitrary<StateStep> = fc.record({
  kind: fc.constant("state"),
  who: fc.nat({ max: 2 }),
  isActive: fc.constantFrom(true, true, true, false),
});

/** Ids of those who are deactivated. */
export type Inactive = ReadonlySet<string>;

/** Why nothing is made, confirmed or moved with the two. */
export function whyInactive(inactive: Inactive, { hostId, guestId }: People): string | undefined {
  if (inactive.has(hostId)) return "HOST_DEACTIVATED";
  return inactive.has(guestId) ? "GUEST_DEACTIVATED" : undefined;
}

/**
 * A reason as the model has it, which names the host first. Of two who are both deactivated Booking may name the guest: about a
 * guest that it does not know it asks Availability, before it looks at the host under the lock.
 */
export function asHostFirst(reason: string, inactive: Inactive, { hostId, guestId }: People): string {
  const isEither = reason === "GUEST_DEACTIVATED" && inactive.has(hostId) && inactive.has(guestId);
  return isEither ? "HOST_DEACTIVATED" : reason;
}

interface People {
  readonly hostId: string;
  readonly guestId: string;
}

/** Gives a user a state, and returns who is inactive then. When it is answered, Booking has done its part. */
export async function giveState(
  { users }: Pick<Clients, "users">,
  people: readonly string[],
  { who, isActive }: StateStep,
  inactive: Inactive,
): Promise<Inactive> {
  const userId = people[who] ?? "";
  const { user, complete } = await (isActive ? users.reactivateUser({ userId }) : users.deactivateUser({ userId }));
  expect([user?.state, complete]).toEqual([isActive ? UserState.ACTIVE : UserState.DEACTIVATED, true]);
  const others = [...inactive].filter((id) => id !== userId);
  return new Set(isActive ? others : [...others, userId]);
}
