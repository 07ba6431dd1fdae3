/** A booking as a caller sees it, as plain data. */

import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Booking, BookingState } from "../../shared/gen/booking/v1/booking_pb.ts";
import type { Instant, Interval } from "../../shared/interval.ts";
import { quartersOf } from "./quarters.ts";

export type StateName = "HELD" | "CONFIRMED" | "CANCELLED" | "EXPIRED";

/** What people say about a booking. An empty text is none. */
export interface Details {
  readonly externalId: string;
  readonly note: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SeenBooking extends Details {
  readonly id: string;
  readonly hostId: string;
  readonly guestId: string;
  readonly during: Interval;
  readonly occupied: Interval;
  readonly seat: number;
  readonly state: StateName;
  readonly etag: string;
  readonly expireTime: Instant | undefined;
  readonly createTime: Instant | undefined;
  readonly updateTime: Instant | undefined;
  readonly cancelReason: string;
}

const nameOf: Record<BookingState, StateName | undefined> = {
  [BookingState.UNSPECIFIED]: undefined,
  [BookingState.HELD]: "HELD",
  [BookingState.CONFIRMED]: "CONFIRMED",
  [BookingState.CANCELLED]: "CANCELLED",
  [BookingState.EXPIRED]: "EXPIRED",
};

export function seen(booking: Booking): SeenBooking {
  const { id, hostId, guestId, seat, etag, externalId, note, labels, cancelReason } = booking;
  const state = nameOf[booking.state];
  if (state === undefined) throw new Error(`a booking in the state ${booking.state}`);
  return {
    id,
    hostId,
    guestId,
    during: quartersOf(booking),
    occupied: quartersOf({ startTime: booking.occupiedStartTime, endTime: booking.occupiedEndTime }),
    seat,
    state,
    etag,
    expireTime: instant(booking.expireTime),
    createTime: instant(booking.createTime),
    updateTime: instant(booking.updateTime),
    externalId,
    note,
    labels: { ...labels },
    cancelReason,
  };
}

function instant(timestamp: Timestamp | undefined): Instant | undefined {
  return timestamp === undefined ? undefined : timestampMs(timestamp);
}
