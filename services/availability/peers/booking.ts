/** Calls to the booking service. */

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import type { Interval } from "../../../shared/interval.ts";
import { peerUnavailable } from "../../../shared/rpc/client.ts";

/** What stands in the way of a removal. */
export interface FenceAnswer {
  /** The first few active, unended bookings that overlap the ranges, by start. */
  readonly bookingIds: readonly string[];
  /** How many there are altogether. */
  readonly bookingCount: number;
}

export interface BookingPeer {
  /**
   * Ends the validity of what Booking remembers of the host's availability, and asks for the bookings that overlap the
   * ranges. Throws Refusal PEER_UNAVAILABLE if there is no answer within `timeoutMs`; rejects when `signal` aborts.
   */
  fenceHost(hostId: string, ranges: readonly Interval[], limits: CallLimits): Promise<FenceAnswer>;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function bookingPeer(transport: Transport): BookingPeer {
  const fence = createClient(FenceService, transport);
  return {
    async fenceHost(hostId, ranges, { timeoutMs, signal }) {
      const request = {
        hostId,
        ranges: ranges.map(({ start, end }) => ({ startTime: timestampFromMs(start), endTime: timestampFromMs(end) })),
      };
      try {
        const { bookingIds, bookingCount } = await fence.fenceHost(request, { timeoutMs, signal });
        return { bookingIds, bookingCount };
      } catch (error) {
        signal.throwIfAborted();
        // Whatever went wrong over there, nothing is known of the bookings, so nothing may be removed.
        throw peerUnavailable("booking", error);
      }
    },
  };
}
