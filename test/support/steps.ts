/** Places between the two services at which a test can stop a call, to force the order in which things happen. */

import type { Fence, FenceAnswer } from "../../services/availability/peers/booking.ts";
import { Refusal } from "../../shared/errors.ts";
import type { PairOptions } from "./pair.ts";

/** What happens at each step. A test sets those it needs; what it leaves unset does nothing. */
export interface Steps {
  /** In Booking, when the generation is noted and Availability not yet asked. */
  beforeAsk?: () => Promise<void>;
  /** In Booking, when Availability has answered and nothing is committed. */
  afterAsk?: () => Promise<void>;
  /** In Availability, in place of sending the fence; `send` sends it, as often and whenever the test likes. */
  fence?: (send: () => Promise<FenceAnswer>, kind: FenceKind) => Promise<FenceAnswer>;
}

/** What a fence is for: to find the end of the last booking, to find those in ranges that would go, or to tell of new time. */
export type FenceKind = "last booking" | "ranges" | "announcement";

function kindOf({ ranges, findLastBooking = false }: Fence): FenceKind {
  if (findLastBooking) return "last booking";
  return ranges.length > 0 ? "ranges" : "announcement";
}

/** For `Steps.fence`: does something with fences of one kind only. */
export function atFence(
  at: FenceKind,
  step: (send: () => Promise<FenceAnswer>) => Promise<FenceAnswer>,
): NonNullable<Steps["fence"]> {
  return (send, kind) => (kind === at ? step(send) : send());
}

/** For `Steps.fence`: what tells of new time does not arrive, so only what comes before the commit protects it. */
export const announcementsLost: NonNullable<Steps["fence"]> = (send, kind) => {
  if (kind !== "announcement") return send();
  throw new Refusal("PEER_UNAVAILABLE", "the announcement is lost");
};

/** The services' own limits for each other are a matter of other tests; here they would make one of how fast the machine is. */
const PATIENCE_MS = 20_000;

/** Hooks for `startPair` that do what `steps` says at the time. */
export function hooksFor(steps: Steps): NonNullable<PairOptions["hooks"]> {
  return {
    booking: {
      peer: (peer) => ({
        ...peer,
        assertGuest: (guestId) => peer.assertGuest(guestId, PATIENCE_MS),
        async snapshot(hostId, window, generation) {
          await steps.beforeAsk?.();
          const answer = await peer.snapshot(hostId, window, generation, PATIENCE_MS);
          await steps.afterAsk?.();
          return answer;
        },
      }),
    },
    availability: {
      peer: (booking) => ({
        ...booking,
        async fenceHost(hostId, fence, limits) {
          const send = (): Promise<FenceAnswer> =>
            booking.fenceHost(hostId, fence, { ...limits, timeoutMs: PATIENCE_MS });
          return steps.fence === undefined ? send() : steps.fence(send, kindOf(fence));
        },
      }),
    },
  };
}

export interface Pause {
  /** To be awaited at the step: returns when the test says so. */
  readonly step: () => Promise<void>;
  /** Resolves when the first call has come to the step. */
  readonly reached: Promise<void>;
  /** Lets the calls that wait at the step go on, and later ones pass. */
  readonly end: () => void;
}

export function pause(): Pause {
  const reached = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const step = async (): Promise<void> => {
    reached.resolve();
    await ended.promise;
  };
  return { step, reached: reached.promise, end: () => ended.resolve() };
}
