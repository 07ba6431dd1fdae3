/** Who is a guest. Users are never deleted and roles never change, so a yes stays true; a no is asked again every time. */

import { LRUCache } from "lru-cache";
import type { Caller } from "../../../shared/caller.ts";
import type { AvailabilityPeer } from "./availability.ts";
import { shareAsks } from "./shared-asks.ts";

export interface Guests {
  /** Returns if the user is a guest. Throws Refusal USER_NOT_FOUND, NOT_A_GUEST, PEER_UNAVAILABLE. */
  assertGuest(guestId: string, caller: Caller): Promise<void>;
  /** Whether `assertGuest` need not ask. */
  knows(guestId: string): boolean;
}

const GUESTS_MAX = 200_000;

export function rememberGuests(peer: AvailabilityPeer): Guests {
  const known = new LRUCache<string, true>({ max: GUESTS_MAX });
  const asks = shareAsks<void>();
  return {
    knows: (guestId) => known.has(guestId),
    async assertGuest(guestId, caller) {
      if (known.get(guestId) === true) return;
      await asks.answer(guestId, -Infinity, caller, async () => {
        await peer.assertGuest(guestId);
        known.set(guestId, true);
      });
    },
  };
}
