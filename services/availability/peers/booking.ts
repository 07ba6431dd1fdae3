/** Calls to the booking service. */

import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, createClient, type Transport } from "@connectrpc/connect";
import {
  type FenceHostResponse,
  FenceService,
  type FenceUserResponse,
} from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import { peerUnavailable } from "../../../shared/rpc/client.ts";
import { tracedOption } from "../../../shared/rpc/traced-client.ts";
import { userStateName, userStateNumber } from "../../../shared/rpc/user-state.ts";
import type { Trace } from "../../../shared/trace.ts";
import type { UserState } from "../domain/user.ts";

export interface Fence {
  /** What is about to be removed. */
  readonly ranges: readonly Interval[];
  /** Whether to tell when the host's last booking ends. */
  readonly findLastBooking?: boolean;
  /** The most bookings that are listed, at most 500. Undefined: 20. */
  readonly maxBookings?: number;
  /** Only bookings behind this one, in the order of the answer, are listed and counted. */
  readonly after?: Pick<FencedBooking, "start" | "id"> | undefined;
}

export interface FencedBooking extends Interval {
  readonly id: string;
}

/** What stands in the way of a removal. */
export interface FenceAnswer {
  /** The first few active, unended bookings that overlap the ranges, by start, then id. */
  readonly bookings: readonly FencedBooking[];
  /** How many there are altogether, behind `after` where it is given. */
  readonly bookingCount: number;
  /** The end of the host's last active, unended booking. Undefined: it has none, or the fence does not ask. */
  readonly lastBookingEnd: Instant | undefined;
}

/** What Booking is told of a user. */
export interface ToldUser {
  readonly state: UserState;
  /** Of two calls the one with the higher version counts. */
  readonly version: number;
}

/** What Booking has of a user. */
export interface StoredUser extends ToldUser {
  /** Whether it has done all that follows from the state. */
  readonly isComplete: boolean;
}

export interface BookingPeer {
  /**
   * Ends the validity of what Booking remembers of the host's availability, and asks for the bookings that overlap the
   * fence's ranges. Throws Refusal PEER_UNAVAILABLE if there is no answer within `timeoutMs`; rejects when `signal` aborts.
   */
  fenceHost(hostId: string, fence: Fence, limits: CallLimits): Promise<FenceAnswer>;
  /**
   * Tells Booking what a user still does, and that its external id may be another one. Returns what Booking has of the user then: if
   * that is something else or not complete, it is to be told again. Throws Refusal PEER_UNAVAILABLE if there is no answer within `timeoutMs`;
   * rejects when `signal` aborts.
   */
  fenceUser(userId: string, user: ToldUser, limits: CallLimits): Promise<StoredUser>;
  /** Whether the host ever had a booking or hold of the guest. Throws and rejects like `fenceUser`. */
  hasGuest(hostId: string, guestId: string, limits: CallLimits): Promise<boolean>;
}

export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Of the call for which Booking is asked; left out: of none. */
  readonly trace?: Trace | undefined;
}

export function bookingPeer(transport: Transport): BookingPeer {
  const client = createClient(FenceService, transport);
  return {
    async fenceHost(hostId, { ranges, after, ...asked }, limits) {
      const request = {
        hostId,
        ...asked,
        ...(after === undefined ? {} : { afterStartTime: timestampFromMs(after.start), afterBookingId: after.id }),
        ranges: ranges.map(({ start, end }) => ({ startTime: timestampFromMs(start), endTime: timestampFromMs(end) })),
      };
      return await asking(limits, async () => answerFrom(await client.fenceHost(request, optionsOf(limits))));
    },
    async fenceUser(userId, { state, version }, limits) {
      const request = { userId, state: userStateNumber[state], version: BigInt(version) };
      return await asking(limits, async () => storedFrom(await client.fenceUser(request, optionsOf(limits))));
    },
    async hasGuest(hostId, guestId, limits) {
      return await asking(limits, async () => (await client.hasGuest({ hostId, guestId }, optionsOf(limits))).hasGuest);
    },
  };
}

function optionsOf({ timeoutMs, signal, trace }: CallLimits): CallOptions {
  return { timeoutMs, signal, ...tracedOption(trace) };
}

async function asking<Answer>({ signal }: CallLimits, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    // Whatever went wrong over there, nothing is known of it: no time may be removed, and no user counts as done.
    throw peerUnavailable("booking", error);
  }
}

function answerFrom({ bookings, bookingCount, lastBookingEndTime: last }: FenceHostResponse): FenceAnswer {
  return {
    bookings: bookings.map(({ bookingId, startTime, endTime }) => ({
      id: bookingId,
      start: instantOf(startTime),
      end: instantOf(endTime),
    })),
    bookingCount,
    lastBookingEnd: last === undefined ? undefined : timestampMs(last),
  };
}

/** Throws where Booking does not say a state that we know: nothing counts as done then. */
function storedFrom({ complete, state: number, version }: FenceUserResponse): StoredUser {
  const state = userStateName(number);
  if (state === undefined) throw new Error("a fence's answer does not say which state the user has");
  return { state, version: Number(version), isComplete: complete };
}

/** Throws where Booking has left a time out: nothing can be concluded from the rest of its answer. */
function instantOf(time: Timestamp | undefined): Instant {
  if (time === undefined) throw new Error("a booking in a fence's answer has no time");
  return timestampMs(time);
}
