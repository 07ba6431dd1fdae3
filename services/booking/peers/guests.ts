/** Who is a guest. Users are never deleted and roles never change, so a yes stays true; a no is asked again every time. */

import { LRUCache } from "lru-cache";
import { type Caller, unlessGone } from "../../../shared/caller.ts";
import { Refusal } from "../../../shared/errors.ts";
import { timeoutWithin } from "../../../shared/rpc/client.ts";
import { type AvailabilityPeer, PEER_CALL_MAX_MS } from "./availability.ts";

export interface Guests {
  /** Returns if the user is a guest. Throws Refusal USER_NOT_FOUND, NOT_A_GUEST, PEER_UNAVAILABLE. */
  assertGuest(guestId: string, caller: Caller): Promise<void>;
  /** Whether `assertGuest` need not ask. */
  knows(guestId: string): boolean;
}

const GUESTS_MAX = 200_000;

export function rememberGuests(peer: AvailabilityPeer): Guests {
  const known = new LRUCache<string, true>({ max: GUESTS_MAX });
  const underWay = new Map<string, Promise<void>>();

  async function ask(guestId: string, timeoutMs: number): Promise<void> {
    await peer.assertGuest(guestId, timeoutMs);
    known.set(guestId, true);
  }

  /** Asks on behalf of everybody who comes while it is under way: a burst of one guest's calls is one question. */
  function shared(guestId: string): Promise<void> {
    const answer = ask(guestId, PEER_CALL_MAX_MS);
    underWay.set(guestId, answer);
    const done = (): void => void underWay.delete(guestId);
    answer.then(done, done);
    return answer;
  }

  return {
    knows: (guestId) => known.has(guestId),
    async assertGuest(guestId, caller) {
      if (known.get(guestId) === true) return;
      // With less than the whole time, the ask is the caller's own: its deadline must not end what others share.
      const leftMs = timeoutWithin(caller.deadline, PEER_CALL_MAX_MS);
      if (leftMs < PEER_CALL_MAX_MS) return await unlessGone(ask(guestId, leftMs), caller);
      const joined = underWay.get(guestId);
      if (joined === undefined) return await unlessGone(shared(guestId), caller);
      try {
        await unlessGone(joined, caller);
      } catch (error) {
        // The question may be older than the guest, who was created before this caller came.
        if (!(error instanceof Refusal) || error.reason !== "USER_NOT_FOUND") throw error;
        await unlessGone(ask(guestId, timeoutWithin(caller.deadline, PEER_CALL_MAX_MS)), caller);
      }
    },
  };
}
