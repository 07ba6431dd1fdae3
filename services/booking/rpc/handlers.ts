/** The service's RPCs, each from the file of its name. */

import type { BookingService } from "../../../shared/gen/booking/v1/booking_service_pb.ts";
import type { FenceService } from "../../../shared/gen/booking/v1/fence_service_pb.ts";
import type { Handlers } from "../../../shared/rpc/handler.ts";
import { cancelBooking } from "./cancel-booking.ts";
import { confirmBooking } from "./confirm-booking.ts";
import { createBooking } from "./create-booking.ts";
import type { BookingDeps } from "./deps.ts";
import { fenceHost } from "./fence-host.ts";
import { fenceUser } from "./fence-user.ts";
import { getBooking } from "./get-booking.ts";
import { hasGuest } from "./has-guest.ts";
import { listBookings } from "./list-bookings.ts";
import { listOpenSlots } from "./list-open-slots.ts";
import { rescheduleBooking } from "./reschedule-booking.ts";
import { watchBookings } from "./watch-bookings.ts";

export function bookingHandlers(deps: BookingDeps): Handlers<typeof BookingService> {
  return {
    listOpenSlots: listOpenSlots(deps),
    createBooking: createBooking(deps),
    confirmBooking: confirmBooking(deps),
    cancelBooking: cancelBooking(deps),
    rescheduleBooking: rescheduleBooking(deps),
    getBooking: getBooking(deps),
    listBookings: listBookings(deps),
    watchBookings: watchBookings(deps),
  };
}

export function fenceHandlers(deps: BookingDeps): Handlers<typeof FenceService> {
  return { fenceHost: fenceHost(deps), fenceUser: fenceUser(deps), hasGuest: hasGuest(deps) };
}
