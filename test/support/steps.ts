/** Places between the two services at which a test can stop a call, to force the order in which things happen. */

import type { FenceAnswer } from "../../services/availability/peers/booking.ts";
import type { PairOptions } from "./pair.ts";

/** What happens at each step. A test sets those it needs; what it leaves unset does nothing. */
export interface Steps {
  /** In Booking, when the generation is noted and Availability not yet asked. */
  beforeAsk?: () => Promise<void>;
  /** In Booking, when Availability has answered and nothing is committed. */
  afterAsk?: () => Promise<void>;
  /** In Availability, in place of sending the fence; `send` sends it, as often and whenever the test likes. */
  fence?: (send: () => Promise<FenceAnswer>) => Promise<FenceAnswer>;
}

/** Hooks for `startPair` that do what `steps` says at the time. */
export function hooksFor(steps: Steps): NonNullable<PairOptions["hooks"]> {
  return {
    booking: {
      peer: (peer) => ({
        ...peer,
        async snapshot(...asked) {
          await steps.beforeAsk?.();
          const answer = await peer.snapshot(...asked);
          await steps.afterAsk?.();
          return answer;
        },
      }),
    },
    availability: {
      peer: (booking) => ({
        async fenceHost(hostId, ranges, limits) {
          const send = (): Promise<FenceAnswer> => booking.fenceHost(hostId, ranges, limits);
          return steps.fence === undefined ? send() : steps.fence(send);
        },
      }),
    },
  };
}

export interface Pause {
  /** To be awaited at the step: returns when the test says so. */
  readonly step: () => Promise<void>;
  /** Resolves when somebody has come to the step. */
  readonly reached: Promise<void>;
  /** Lets whoever waits at the step go on, and all who come later pass. */
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
