/** Changes to a host's bookings, as asked for, and how each ended. */

import type { Refusal } from "../../../shared/errors.ts";
import type { Instant, Interval } from "../../../shared/interval.ts";
import type { RequestKey } from "../../../shared/request-key.ts";
import type { Booking, BookingEvent, Details } from "./booking.ts";
import type { Calendar } from "./calendar.ts";
import type { Inactive } from "./user.ts";

interface Asked {
  readonly hostId: string;
  readonly actor: string;
  readonly request?: RequestKey | undefined;
}

export interface CreateCommand extends Asked {
  readonly kind: "create";
  /** The id that the booking will have. */
  readonly bookingId: string;
  readonly guestId: string;
  readonly during: Interval;
  readonly details: Details;
  readonly ignoresNotice: boolean;
  /** How long to hold; undefined: confirm at once. */
  readonly holdMs?: number | undefined;
  /** What the host offers around `during`. */
  readonly calendar: Calendar;
}

/** Whether a command would hold time instead of booking it. */
export function isHold(command: Command): command is CreateCommand {
  return command.kind === "create" && command.holdMs !== undefined;
}

interface OfBooking extends Asked {
  readonly bookingId: string;
  /** The version that the caller has seen; undefined: any. */
  readonly etag?: string | undefined;
}

export interface ConfirmCommand extends OfBooking {
  readonly kind: "confirm";
}

export interface CancelCommand extends OfBooking {
  readonly kind: "cancel";
  readonly reason?: string | undefined;
}

export interface RescheduleCommand extends OfBooking {
  readonly kind: "reschedule";
  readonly during: Interval;
  readonly ignoresNotice: boolean;
  readonly calendar: Calendar;
}

/** Records that a hold is over. From the sweeper; callers never send it. */
export interface ExpireCommand extends Asked {
  readonly kind: "expire";
  readonly bookingId: string;
}

/** Erases what people have said about a booking of an erased guest. Callers never send it. */
export interface EraseCommand extends Asked {
  readonly kind: "erase";
  readonly bookingId: string;
}

/** Invalidates every remembered calendar of the host, and reports the bookings in ranges that Availability is about to remove. */
export interface FenceCommand extends Asked {
  readonly kind: "fence";
  readonly ranges: readonly Interval[];
  /** Whether to tell when the host's last booking ends, in the ranges or not. */
  readonly findLastBooking: boolean;
  /** The most bookings in the ranges that are listed. */
  readonly maxBookings: number;
  /** Where the list goes on; undefined: it begins. */
  readonly after: FencePosition | undefined;
}

/** Behind a booking, in the order of a fence's list: by start, then id. */
export interface FencePosition {
  readonly start: Instant;
  readonly id: string;
}

export type Command =
  | CreateCommand
  | ConfirmCommand
  | CancelCommand
  | RescheduleCommand
  | ExpireCommand
  | EraseCommand
  | FenceCommand;

/** Whether a command says something about its booking that is erased with the guest. */
export function isSaying(command: Command): boolean {
  if (command.kind === "cancel") return command.reason !== undefined;
  return command.kind === "create" && Object.values(command.details).some((said) => said !== undefined);
}

export interface FencedBooking extends Interval {
  readonly id: string;
}

/** What a fence found. */
export interface Fenced {
  readonly generation: number;
  /** Active, unended bookings that overlap the ranges, by start, then id: the first `maxBookings` behind `after`. */
  readonly bookings: readonly FencedBooking[];
  /** How many there are behind `after`. */
  readonly bookingCount: number;
  /** The end of the host's last active, unended booking. Undefined: it has none, or the fence does not ask. */
  readonly lastBookingEnd: Instant | undefined;
}

/** How a command ended. Only `booked` and `fenced` have (or may have) changed anything for the caller. */
export type Outcome =
  | { readonly kind: "booked"; readonly booking: Booking }
  | { readonly kind: "fenced"; readonly fenced: Fenced }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The host's generation is no longer the calendar's: ask Availability again. */
  | { readonly kind: "stale" }
  /** An expiry or erasure that there is nothing left to do for. */
  | { readonly kind: "idle" };

/** A request that was carried out. */
export interface RememberedRequest {
  readonly key: RequestKey;
  /** The booking after the event that is remembered: its `sequence`. */
  readonly answer: Booking;
}

/** A request that is to be remembered. */
export interface NewRequest extends RememberedRequest {
  /** Whether it says something about the booking: it is forgotten when the guest is erased. */
  readonly isSaying: boolean;
}

/** Confirmed bookings that a fence's ranges overlap: too many to load, so storage counts them. */
export interface ConfirmedInRanges {
  /** By start, then id, those behind the fence's `after`, as many as it lists. */
  readonly first: readonly FencedBooking[];
  /** How many there are behind `after`. */
  readonly count: number;
}

/** How many active holds one guest may have. */
export interface HoldLimits {
  /** With one host. Exact, also while other commands run. */
  readonly perGuestAndHost: number;
  /** With all hosts together. `lanes/lanes.ts` says how exact. */
  readonly perGuest: number;
}

/** How many active holds a guest has, at the batch's time. */
export interface HoldCount {
  /** With this host. */
  readonly withHost: number;
  /** With all hosts, this one included. */
  readonly inAll: number;
}

/**
 * All that the commands of one host need to know of it, as it is under the host's lock: every stored HELD or CONFIRMED
 * booking whose occupied time overlaps a candidate's or that has its external id, every HELD one that overlaps a fence's ranges
 * (every unended one, where a fence looks for the host's last), and every booking that a command names. One that is more than
 * one of these may be there as often.
 */
export interface HostState {
  readonly hostId: string;
  readonly generation: number;
  /** The sequence of the host's last event. */
  readonly sequence: number;
  /** Up to there the host's events were deleted: no request can be answered from them. */
  readonly forgottenTo: number;
  readonly bookings: readonly Booking[];
  readonly requests: ReadonlyMap<string, RememberedRequest>;
  /** By id, those who are not active of the host and the guests that a command would change something for. Others may be there. */
  readonly inactive: ReadonlyMap<string, Inactive>;
  /** By guest, of every guest for whom a command would hold time. */
  readonly holds: ReadonlyMap<string, HoldCount>;
  /** By fence command, in the commands' order. */
  readonly confirmedInRanges: ReadonlyMap<FenceCommand, ConfirmedInRanges>;
  /** The end of the last confirmed booking that has not ended. Undefined: there is none, or no fence asks. */
  readonly lastConfirmedEnd: Instant | undefined;
}

/** A booking before and after a batch. `before` is undefined for one that the batch creates. */
export interface BookingChange {
  readonly before: Booking | undefined;
  readonly after: Booking;
}

/** What is to be written for one host, and what its callers are told. */
export interface HostDecision {
  /** One for every command, in their order. */
  readonly outcomes: readonly Outcome[];
  readonly generation: number;
  readonly sequence: number;
  readonly changes: readonly BookingChange[];
  readonly events: readonly BookingEvent[];
  readonly requests: readonly NewRequest[];
}
