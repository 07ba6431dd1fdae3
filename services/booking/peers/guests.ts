/**
 * Who is a guest. Users are never deleted and roles never change, so a yes stays true; a no is asked again every time. Whether a
 * known guest is still active the batch finds out, under its locks: what is remembered here need not be forgotten, unless
 * Availability's database was restored to a time before the user.
 */

import { LRUCache } from "lru-cache";
import type { Caller } from "../../../shared/caller.ts";
import type { AvailabilityPeer } from "./availability.ts";
import { shareAsks } from "./shared-asks.ts";

export interface Guests {
  /** Returns if the user is a guest, and was active when it was asked about. Throws what `AvailabilityPeer.assertGuest` throws. */
  assertGuest(guestId: string, caller: Caller): Promise<void>;
  /** Whether `assertGuest` need not ask. */
  knows(guestId: string): boolean;
  forgetAll(): void;
}

const GUESTS_MAX = 200_000;

export function rememberGuests(peer: Pick<AvailabilityPeer, "assertGuest">): Guests {
  const known = new LRUCache<string, true>({ max: GUESTS_MAX });
  const asks = shareAsks<void>();
  let timesForgotten = 0;
  return {
    knows: (guestId) => known.has(guestId),
    forgetAll() {
      timesForgotten += 1;
      known.clear();
    },
    async assertGuest(guestId, caller) {
      if (known.get(guestId) === true) return;
      await asks.answer(guestId, -Infinity, caller, async (timeoutMs, trace) => {
        const before = timesForgotten;
        await peer.assertGuest(guestId, timeoutMs, trace);
        // The answer may be of what was to be forgotten.
        if (timesForgotten === before) known.set(guestId, true);
      });
    },
  };
}
