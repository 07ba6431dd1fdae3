/** Wrong calls about bookings that are there, of lists, and of FenceService. */

import { UserState } from "../../../shared/gen/availability/v1/user_pb.ts";
import { BookingState } from "../../../shared/gen/booking/v1/booking_pb.ts";
import { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import { FENCED_RANGES_MAX } from "../../../shared/limits.ts";
import { bad, type BadRequest, from, type Known, NO_UUID, NOBODY } from "./row.ts";

const { confirmBooking, cancelBooking, rescheduleBooking } = BookingService.method;
const { getBooking, listBookings, listOpenSlots } = BookingService.method;
const { fenceHost, fenceUser, hasGuest } = FenceService.method;
const move = (known: Known, start: number, end: number) => {
  const { hostId: _, ...times } = from(known, start, end);
  return { ...times, bookingId: known.bookingId };
};

export const bookings: readonly BadRequest[] = [
  bad(getBooking, "no id", () => ({}), "INVALID_REQUEST", "booking_id"),
  bad(getBooking, "a malformed id", () => ({ bookingId: `${NOBODY}0` }), "INVALID_REQUEST", "booking_id"),
  bad(getBooking, "nobody's id", () => ({ bookingId: NOBODY }), "BOOKING_NOT_FOUND"),
  bad(confirmBooking, "no id", () => ({}), "INVALID_REQUEST", "booking_id"),
  bad(confirmBooking, "nobody's id", () => ({ bookingId: NOBODY }), "BOOKING_NOT_FOUND"),
  bad(
    confirmBooking,
    "a long etag",
    ({ bookingId }) => ({ bookingId, etag: "x".repeat(65) }),
    "INVALID_REQUEST",
    "etag",
  ),
  bad(cancelBooking, "another etag", ({ bookingId }) => ({ bookingId, etag: '"0"' }), "ETAG_MISMATCH"),
  bad(
    cancelBooking,
    "everything wrong",
    () => ({ bookingId: "it", etag: "\0", requestId: "once" }),
    "INVALID_REQUEST",
    "booking_id",
    "etag",
    "request_id",
  ),
  bad(
    cancelBooking,
    "a reason of 501 characters",
    ({ bookingId }) => ({ bookingId, reason: "x".repeat(501) }),
    "INVALID_REQUEST",
    "reason",
  ),
  bad(
    cancelBooking,
    "a reason with a control character",
    ({ bookingId }) => ({ bookingId, reason: "ill\u0007" }),
    "INVALID_REQUEST",
    "reason",
  ),
  bad(
    rescheduleBooking,
    "nobody's id",
    (known) => ({ ...move(known, 10, 11), bookingId: NOBODY }),
    "BOOKING_NOT_FOUND",
  ),
  bad(rescheduleBooking, "end before start", (known) => move(known, 10, 9), "INVALID_REQUEST", "end_time"),
  bad(rescheduleBooking, "25 hours", (known) => move(known, 10, 35), "INVALID_REQUEST", "end_time"),
  bad(rescheduleBooking, "off the grid", (known) => move(known, 10.1, 10.6), "OFF_GRID"),
  bad(rescheduleBooking, "outside", (known) => move(known, 18, 18.5), "OUTSIDE_AVAILABILITY"),
  bad(rescheduleBooking, "into the past", (known) => move(known, -62, -61.5), "START_IN_PAST"),
  bad(listBookings, "neither host nor guest", () => ({}), "INVALID_REQUEST", "host_id"),
  bad(
    listBookings,
    "neither host nor guest among other things",
    ({ at }) => ({ startTime: at(10), endTime: at(9), pageSize: -1 }),
    "INVALID_REQUEST",
    "page_size",
    "end_time",
    "host_id",
  ),
  bad(
    listBookings,
    "an unspecified state",
    ({ hostId }) => ({ hostId, states: [BookingState.HELD, BookingState.UNSPECIFIED] }),
    "INVALID_REQUEST",
    "states[1]",
  ),
  bad(
    listBookings,
    "a damaged token",
    ({ hostId, pageToken }) => ({ hostId, pageSize: 1, pageToken: pageToken.replace(/..$/, "") }),
    "INVALID_REQUEST",
    "page_token",
  ),
  bad(
    listBookings,
    "a token of another query",
    ({ hostId, guestId, pageToken }) => ({ hostId, guestId, pageSize: 1, pageToken }),
    "INVALID_REQUEST",
    "page_token",
  ),
  bad(listBookings, "page size -1", ({ hostId }) => ({ hostId, pageSize: -1 }), "INVALID_REQUEST", "page_size"),
  bad(
    listBookings,
    "page size 1,000,000",
    ({ hostId }) => ({ hostId, pageSize: 1_000_000 }),
    "INVALID_REQUEST",
    "page_size",
  ),
  bad(
    listBookings,
    "an external id and a label that are too long",
    ({ hostId }) => ({ hostId, externalId: "x".repeat(201), label: "k=".padEnd(265, "v") }),
    "INVALID_REQUEST",
    "external_id",
    "label",
  ),
  bad(listBookings, "a label of two lines", ({ hostId }) => ({ hostId, label: "k=a\nb" }), "INVALID_REQUEST", "label"),
  bad(listBookings, "367 days", (known) => from(known, 0, 367 * 24), "INVALID_REQUEST", "end_time"),
  bad(listOpenSlots, "nobody's id", () => ({ hostId: NOBODY }), "USER_NOT_FOUND"),
  bad(listOpenSlots, "a guest", ({ guestId }) => ({ hostId: guestId }), "NOT_A_HOST"),
  bad(listOpenSlots, "page size 501", ({ hostId }) => ({ hostId, pageSize: 501 }), "INVALID_REQUEST", "page_size"),
  bad(
    listOpenSlots,
    "a token that is none",
    ({ hostId }) => ({ hostId, pageToken: "AAAA" }),
    "INVALID_REQUEST",
    "page_token",
  ),
  ...[-1, 1441].map((minutes) =>
    bad(
      listOpenSlots,
      `${minutes} minutes`,
      ({ hostId }) => ({ hostId, durationMinutes: minutes }),
      "INVALID_REQUEST",
      "duration_minutes",
    ),
  ),
  bad(listOpenSlots, "one and a half slots", ({ hostId }) => ({ hostId, durationMinutes: 45 }), "OFF_GRID"),
  bad(
    fenceHost,
    "one range too many",
    (known) => ({
      hostId: known.hostId,
      ranges: Array.from({ length: FENCED_RANGES_MAX + 1 }, () => from(known, 20, 21)),
    }),
    "INVALID_REQUEST",
    "ranges",
  ),
  bad(fenceHost, "501 bookings", ({ hostId }) => ({ hostId, maxBookings: 501 }), "INVALID_REQUEST", "max_bookings"),
  bad(
    fenceHost,
    "a start without an id to go on behind",
    ({ hostId, at }) => ({ hostId, afterStartTime: at(9) }),
    "INVALID_REQUEST",
    "after_booking_id",
  ),
  bad(
    fenceHost,
    "an id without a start to go on behind",
    ({ hostId }) => ({ hostId, afterBookingId: NOBODY }),
    "INVALID_REQUEST",
    "after_start_time",
  ),
  bad(
    fenceHost,
    "half a position among other things",
    ({ at }) => ({ hostId: "it", maxBookings: 501, afterStartTime: at(9) }),
    "INVALID_REQUEST",
    "host_id",
    "max_bookings",
    "after_booking_id",
  ),
  bad(fenceHost, "-1 bookings", ({ hostId }) => ({ hostId, maxBookings: -1 }), "INVALID_REQUEST", "max_bookings"),
  bad(
    fenceHost,
    "a range that ends before its start",
    (known) => ({ hostId: known.hostId, ranges: [from(known, 20, 21), from(known, 21, 20)] }),
    "INVALID_REQUEST",
    "ranges[1].end_time",
  ),
  bad(fenceUser, "nothing", () => ({}), "INVALID_REQUEST", "user_id", "state", "version"),
  bad(
    fenceUser,
    "a state that there is not, and version 0",
    ({ guestId }) => ({ userId: guestId, state: 4 as UserState, version: 0n }),
    "INVALID_REQUEST",
    "state",
    "version",
  ),
  bad(
    fenceUser,
    "a version that is no exact number",
    ({ guestId }) => ({ userId: guestId, state: UserState.ACTIVE, version: 2n ** 53n }),
    "INVALID_REQUEST",
    "version",
  ),
  bad(hasGuest, "no ids", () => ({}), "INVALID_REQUEST", "host_id", "guest_id"),
  bad(hasGuest, "half an id", ({ hostId }) => ({ hostId, guestId: NO_UUID }), "INVALID_REQUEST", "guest_id"),
];
