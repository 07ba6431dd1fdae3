/** Bookings as the contract's messages. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type Booking,
  type BookingEventSchema,
  BookingEventKind,
  BookingState,
  type Slot,
} from "../../../shared/gen/booking/v1/booking_pb.ts";
import type { Instant } from "../../../shared/interval.ts";
import { timestamp } from "../../../shared/rpc/timestamp.ts";
import * as domain from "../domain/booking.ts";
import type { OpenSlot } from "../domain/calendar.ts";

const stateOf: Record<domain.BookingState, BookingState> = {
  HELD: BookingState.HELD,
  CONFIRMED: BookingState.CONFIRMED,
  CANCELLED: BookingState.CANCELLED,
  EXPIRED: BookingState.EXPIRED,
};

const kindOf: Record<domain.BookingEventKind, BookingEventKind> = {
  HELD: BookingEventKind.HELD,
  CONFIRMED: BookingEventKind.CONFIRMED,
  RESCHEDULED: BookingEventKind.RESCHEDULED,
  CANCELLED: BookingEventKind.CANCELLED,
  EXPIRED: BookingEventKind.EXPIRED,
  ERASED: BookingEventKind.ERASED,
};

/** Written out, like a slot: `create` looks at each field of what is not a message yet. */
export function bookingMessage(booking: domain.Booking): Booking {
  const { during, occupied } = booking;
  const [startTime, endTime] = [timestamp(during.start), timestamp(during.end)];
  return {
    $typeName: "booking.v1.Booking",
    id: booking.id,
    hostId: booking.hostId,
    guestId: booking.guestId,
    startTime,
    endTime,
    state: stateOf[booking.state],
    etag: domain.etagOf(booking),
    ...(booking.expireTime === undefined ? {} : { expireTime: timestamp(booking.expireTime) }),
    createTime: timestamp(booking.createTime),
    updateTime: timestamp(booking.updateTime),
    seat: booking.seat,
    occupiedStartTime: occupied.start === during.start ? startTime : timestamp(occupied.start),
    occupiedEndTime: occupied.end === during.end ? endTime : timestamp(occupied.end),
    externalId: booking.details.externalId ?? "",
    note: booking.details.note ?? "",
    labels: booking.details.labels ?? {},
    cancelReason: booking.cancelReason ?? "",
  };
}

/** Most slots begin where the one before ends. Then both share one message for that instant, which no code changes. */
export function slotMessages(slots: readonly OpenSlot[]): Slot[] {
  let before: { readonly end: Instant; readonly endTime: Timestamp } | undefined;
  return slots.map(({ start, end, openSeats }) => {
    const startTime = before?.end === start ? before.endTime : timestamp(start);
    const endTime = timestamp(end);
    before = { end, endTime };
    return { $typeName: "booking.v1.Slot", startTime, endTime, openSeats };
  });
}

export function eventMessage(event: domain.BookingEvent): MessageInitShape<typeof BookingEventSchema> {
  return {
    hostId: event.hostId,
    sequence: BigInt(event.sequence),
    kind: kindOf[event.kind],
    actor: event.actor,
    eventTime: timestamp(event.time),
    booking: bookingMessage(event.booking),
  };
}
