/** Who is a guest. Users are never deleted and roles never change, so a yes stays true; a no is asked again every time. */

import { LRUCache } from "lru-cache";
import { type Caller, unlessGone } from "../../../shared/caller.ts";
import { timeoutWithin } from "../../../shared/rpc/client.ts";
import { type AvailabilityPeer, PEER_CALL_MAX_MS } from "./availability.ts";

export interface Guests {
  /** Returns if the user is a guest. Throws Refusal USER_NOT_FOUND, NOT_A_GUEST, PEER_UNAVAILABLE. */
  assertGuest(guestId: string, caller: Caller): Promise<void>;
}

const GUESTS_MAX = 200_000;

export function rememberGuests(peer: AvailabilityPeer): Guests {
  const known = new LRUCache<string, true>({ max: GUESTS_MAX });
  return {
    async assertGuest(guestId, caller) {
      if (known.get(guestId) === true) return;
      await unlessGone(peer.assertGuest(guestId, timeoutWithin(caller.deadline, PEER_CALL_MAX_MS)), caller);
      known.set(guestId, true);
    },
  };
}
