/** What a booking is, and the rules that need nothing but one booking and the time. */

import type { Instant, Interval } from "../../../shared/interval.ts";

export type BookingState = "HELD" | "CONFIRMED" | "CANCELLED" | "EXPIRED";

/** What people have said about a booking. Personal data: never in a log. What is undefined was not said. */
export interface Details {
  /** What another system calls it: one HELD or CONFIRMED booking of a host has it. */
  readonly externalId?: string | undefined;
  readonly note?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface Booking {
  readonly id: string;
  readonly hostId: string;
  readonly guestId: string;
  readonly during: Interval;
  /** Its time with the buffers that the host's rules had when it was accepted or last moved, or less: see `notGrown`. */
  readonly occupied: Interval;
  /** From 1. No other active booking of the host has it while `occupied` lasts. */
  readonly seat: number;
  readonly state: BookingState;
  /** 1 when created, one more with every change. */
  readonly version: number;
  /** Of the event of its last change, in its host's feed. */
  readonly sequence: number;
  /** When the hold ends. Set if and only if the state is HELD or EXPIRED. */
  readonly expireTime?: Instant;
  readonly createTime: Instant;
  readonly updateTime: Instant;
  readonly details: Details;
  /** Why it was cancelled, as far as that was said. */
  readonly cancelReason?: string | undefined;
}

export type BookingEventKind = "HELD" | "CONFIRMED" | "RESCHEDULED" | "CANCELLED" | "EXPIRED" | "ERASED";

/** One change of one booking: an entry of its host's feed. */
export interface BookingEvent {
  readonly hostId: string;
  /** 1, 2, 3, ... per host, without gaps. */
  readonly sequence: number;
  readonly kind: BookingEventKind;
  readonly actor: string;
  readonly time: Instant;
  /** The booking after the change. */
  readonly booking: Booking;
}

/** The actor of what the service does by itself. */
export const SYSTEM_ACTOR = "system";

/** Whether a hold's time is over, recorded or not. `expireTime` itself is over: a hold is half-open like all intervals. */
export function isOverdueHold(booking: Booking, now: Instant): boolean {
  return booking.state === "HELD" && booking.expireTime !== undefined && booking.expireTime <= now;
}

/** Whether the booking has its seat: CONFIRMED, or HELD and not past its `expireTime`. */
export function isActive(booking: Booking, now: Instant): boolean {
  return booking.state === "CONFIRMED" || (booking.state === "HELD" && !isOverdueHold(booking, now));
}

/**
 * An overdue hold as it is recorded. Reads that come before the recording show the very same (see `bookingColumns` in
 * storage), so a booking never changes without its etag doing so.
 */
export function expired(hold: Booking): Booking {
  const updateTime = hold.expireTime ?? hold.updateTime;
  return { ...hold, state: "EXPIRED", version: hold.version + 1, updateTime };
}

/** Whether people have said anything about the booking. */
export function isSaidOf({ details, cancelReason }: Booking): boolean {
  return cancelReason !== undefined || Object.values(details).some((said) => said !== undefined);
}

/** The opaque version that callers compare: a quoted string, as in HTTP. */
export function etagOf(booking: Booking): string {
  return `"${booking.version}"`;
}
