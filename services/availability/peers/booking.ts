/** Calls to the booking service. */

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { peerUnavailable } from "../../../shared/rpc/client.ts";

/** What is asked along with the end of what Booking remembers. */
export interface Fence {
  /** The time that is about to go, at most FENCED_RANGES_MAX ranges. */
  readonly ranges: readonly Interval[];
  /** Whether to tell when the host's last booking ends. */
  readonly findLastBooking?: boolean;
  /** The most bookings to tell; CONFLICTING_BOOKINGS_MAX where unset. */
  readonly maxBookings?: number;
}

/** An active booking that has not ended. */
export interface FencedBooking extends Interval {
  readonly id: string;
}

/** What stands in the way of a removal. */
export interface FenceAnswer {
  /** The first bookings that overlap the ranges, by start. */
  readonly bookings: readonly FencedBooking[];
  /** How many there are altogether. */
  readonly bookingCount: number;
  /** When the host's last booking ends; undefined: there is none, or it was not asked for. */
  readonly lastBookingEnd: Instant | undefined;
}

export interface BookingPeer {
  /**
   * Ends the validity of what Booking remembers of the host's availability, and asks for the bookings that overlap the
   * ranges. Throws Refusal PEER_UNAVAILABLE if there is no answer within `timeoutMs`; rejects when `signal` aborts.
   */
  fenceHost(hostId: string, fence: Fence, limits: CallLimits): Promise<FenceAnswer>;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export function bookingPeer(transport: Transport): BookingPeer {
  const client = createClient(FenceService, transport);
  return {
    async fenceHost(hostId, { ranges, findLastBooking = false, maxBookings = 0 }, { timeoutMs, signal }) {
      const request = {
        hostId,
        ranges: ranges.map(({ start, end }) => ({ startTime: timestampFromMs(start), endTime: timestampFromMs(end) })),
        findLastBooking,
        maxBookings,
      };
      try {
        const answer = await client.fenceHost(request, { timeoutMs, signal });
        return {
          bookings: answer.bookings.map((each) => ({
            id: each.bookingId,
            start: instantOf(each.startTime),
            end: instantOf(each.endTime),
          })),
          bookingCount: answer.bookingCount,
          lastBookingEnd: answer.lastBookingEndTime && timestampMs(answer.lastBookingEndTime),
        };
      } catch (error) {
        signal.throwIfAborted();
        // Whatever went wrong over there, nothing is known of the bookings, so nothing may be removed.
        throw peerUnavailable("booking", error);
      }
    },
  };
}

function instantOf(time: Timestamp | undefined): Instant {
  if (time === undefined) throw new Error("a booking without its time");
  return timestampMs(time);
}
